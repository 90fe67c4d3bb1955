//! Upstreams: the MCP servers behind Ostia.

mod pool;
mod problem;

pub use pool::{Breaker, PoolState, WorkerLine};
pub use problem::{Problem, Stage};

use crate::{
    credential::Credential,
    key::Secret,
    name::UpstreamName,
    tool::{Listed, Tool},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    pub id: Uuid,
    pub name: UpstreamName,
    /// Changes with every change of the definition; workers of an older version are replaced.
    pub version: u64,
    /// How often somebody asked that it is listed anew.
    pub listing: u64,
    pub enabled: bool,
    /// Whether this is the built-in demo, the only upstream that test keys reach.
    pub demo: bool,
    pub transport: Transport,
    pub isolation: Isolation,
    pub protocol: Protocol,
    pub pool: PoolLimits,
    /// How long one call may take, progress or not.
    pub call_timeout: Duration,
    /// Whether audit keeps the arguments of calls, without secrets, for auditors alone.
    pub keep_arguments: bool,
}

/// How an upstream is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Processes that Ostia starts.
    Stdio(Command),
    /// Streamable HTTP (from 2025-03-26).
    Http(HttpEndpoint),
    /// HTTP+SSE, the transport of 2024-11-05.
    Sse(HttpEndpoint),
}

impl Transport {
    /// The credentials that come with it, by name: the environment of workers, or headers.
    pub fn credentials(&self) -> &BTreeMap<String, Secret> {
        match self {
            Self::Stdio(command) => &command.env,
            Self::Http(endpoint) | Self::Sse(endpoint) => &endpoint.headers,
        }
    }

    pub fn credentials_mut(&mut self) -> &mut BTreeMap<String, Secret> {
        match self {
            Self::Stdio(command) => &mut command.env,
            Self::Http(endpoint) | Self::Sse(endpoint) => &mut endpoint.headers,
        }
    }

    /// The way alone, without anything that is given on it: two that agree in this are one server.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        let mut way = self.clone();
        way.credentials_mut().clear();
        if let Some(endpoint) = way.endpoint_mut() {
            endpoint.credential = None;
        }
        way
    }

    /// Of an upstream that runs somewhere else.
    pub fn endpoint(&self) -> Option<&HttpEndpoint> {
        match self {
            Self::Stdio(_) => None,
            Self::Http(endpoint) | Self::Sse(endpoint) => Some(endpoint),
        }
    }

    pub fn endpoint_mut(&mut self) -> Option<&mut HttpEndpoint> {
        match self {
            Self::Stdio(_) => None,
            Self::Http(endpoint) | Self::Sse(endpoint) => Some(endpoint),
        }
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stdio(_) => "stdio",
            Self::Http(_) => "http",
            Self::Sse(_) => "sse",
        }
    }
}

/// An upstream that runs somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpEndpoint {
    /// `https://…`, or `http://…` where `allow_private_network` is set.
    pub url: String,
    /// Sent with every request, in lower case; values may be credentials.
    pub headers: BTreeMap<String, Secret>,
    /// Whether the host may lie in a private network or on this machine. Link-local addresses, where
    /// clouds keep their metadata, are refused in any case. The same goes for where its access tokens
    /// come from.
    pub allow_private_network: bool,
    /// Set: no header is called `authorization`.
    pub credential: Option<Credential>,
}

/// Who shares a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Any caller: for servers that keep no state of a caller.
    #[default]
    Shared,
    /// Callers with the same API key.
    Key,
    /// The calls of one MCP session. A modern client has none and gets what `Key` gives.
    Session,
}

impl Isolation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Key => "key",
            Self::Session => "session",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Shared, Self::Key, Self::Session]
            .into_iter()
            .find(|isolation| isolation.as_str() == text)
    }
}

/// How a stdio worker is started: an argument vector, never a shell line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    pub args: Vec<String>,
    /// The whole environment of the worker beside `PATH` and `HOME`; values may be credentials.
    pub env: BTreeMap<String, Secret>,
    pub cwd: Option<String>,
}

/// Which era to speak to an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Probe once per definition.
    #[default]
    Auto,
    Legacy,
    #[serde(rename = "2026-07-28")]
    Modern,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Legacy => "legacy",
            Self::Modern => "2026-07-28",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Legacy, Self::Modern]
            .into_iter()
            .find(|p| p.as_str() == text)
    }
}

/// The two kinds of MCP: with a handshake and sessions (up to 2025-11-25), and stateless (from
/// 2026-07-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Era {
    Legacy,
    Modern,
}

impl Era {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Legacy, Self::Modern]
            .into_iter()
            .find(|e| e.as_str() == text)
    }
}

/// The bounds of an upstream's pool on one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolLimits {
    /// Workers kept ready when nobody calls.
    pub min_idle: u32,
    pub max_workers: NonZeroU32,
    /// Calls one worker has at once; the next one goes to another worker or waits.
    pub max_in_flight: NonZeroU32,
    /// Calls that may wait for a worker.
    pub max_queue: u32,
    /// How long a call may wait for a worker.
    pub queue_timeout: Duration,
    /// A worker beyond `min_idle` that had no call for so long is stopped.
    pub idle_timeout: Duration,
    /// Calls of everybody together that the upstream takes, spread evenly; unset is not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<NonZeroU32>,
    /// The same for each of its tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls_per_minute: Option<NonZeroU32>,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            min_idle: 1,
            max_workers: NonZeroU32::new(4).unwrap_or(NonZeroU32::MIN),
            max_in_flight: NonZeroU32::new(64).unwrap_or(NonZeroU32::MIN),
            max_queue: 256,
            queue_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            calls_per_minute: None,
            tool_calls_per_minute: None,
        }
    }
}

pub const DEFAULT_CALL_TIMEOUT: Duration = Duration::from_secs(300);

/// What an upstream was found to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    pub upstream_id: Uuid,
    /// The definition it was taken from; one of an older version is not used.
    pub upstream_version: u64,
    pub era: Era,
    /// The upstream's name and version of itself, as a JSON object; for people only.
    pub server_info: String,
    /// What it can do, as the JSON object of its handshake.
    pub capabilities: String,
    /// What it tells clients about its use.
    pub instructions: Option<String>,
    /// All four in the upstream's order.
    pub tools: Vec<Tool>,
    pub prompts: Vec<Listed>,
    /// By URI.
    pub resources: Vec<Listed>,
    /// By URI template.
    pub resource_templates: Vec<Listed>,
}
