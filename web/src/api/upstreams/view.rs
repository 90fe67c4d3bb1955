//! Upstreams and their tools as they are shown. Of credentials the names alone.

use super::super::text::timestamp;
use ostia_domain::upstream::Stage;
use ostia_proto::v1::{
    self, http_endpoint::Credential as Presented, upstream_definition::Transport,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct Upstream {
    /// UUID.
    id: String,
    name: String,
    enabled: bool,
    /// The built-in demo.
    demo: bool,
    /// Grows with every change of the definition.
    version: u64,
    #[serde(flatten)]
    reached: Reached,
    isolation: Isolation,
    protocol: Protocol,
    pool: Pool,
    call_timeout_ms: Option<u64>,
    keep_arguments: bool,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// Null until an edge has found out, as what follows.
    era: Option<Era>,
    #[schema(value_type = Option<Object>)]
    server_info: Option<Value>,
    /// How many.
    tools: Option<u32>,
    prompts: Option<u32>,
    resources: Option<u32>,
    resource_templates: Option<u32>,
    #[schema(format = "date-time")]
    discovered_at: Option<String>,
    /// Why the newest attempt to reach it failed, for people.
    problem: Option<String>,
    /// How far that came: `resolve`, `connect`, `tls`, `authorize`, `start`, `handshake`, `run`, `queue` or `list`.
    problem_stage: Option<&'static str>,
    /// Since when there has been a problem without a break.
    #[schema(format = "date-time")]
    problem_since: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "transport", rename_all = "lowercase")]
#[schema(as = UpstreamTransport)]
enum Reached {
    Stdio(Command),
    Http(Endpoint),
    Sse(Endpoint),
}

#[derive(Serialize, ToSchema)]
#[schema(as = UpstreamCommand)]
struct Command {
    program: String,
    args: Vec<String>,
    /// Names.
    env: Vec<String>,
    cwd: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UpstreamEndpoint)]
struct Endpoint {
    url: String,
    /// Names.
    headers: Vec<String>,
    allow_private_network: bool,
    credential: Option<Credential>,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schema(as = UpstreamCredential)]
enum Credential {
    Bearer {},
    Basic {
        username: String,
    },
    ClientCredentials {
        token_url: String,
        client_id: String,
        scopes: Vec<String>,
        resource: Option<String>,
        audience: Option<String>,
        /// `basic` or `post`.
        authentication: &'static str,
    },
}

/// Who shares a worker or connection.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Isolation {
    /// Any caller: for servers that keep no state of a caller.
    #[default]
    Shared,
    /// Callers with the same API key.
    Key,
    /// The calls of one MCP session.
    Session,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    /// Find out by a probe.
    #[default]
    Auto,
    Legacy,
    #[serde(rename = "2026-07-28")]
    Modern,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Era {
    /// With a handshake and sessions.
    Legacy,
    /// Stateless.
    Modern,
}

#[derive(Serialize, ToSchema)]
struct Pool {
    min_idle: Option<u32>,
    max_workers: Option<u32>,
    max_in_flight: Option<u32>,
    max_queue: Option<u32>,
    queue_timeout_ms: Option<u64>,
    idle_timeout_ms: Option<u64>,
    calls_per_minute: Option<u32>,
    tool_calls_per_minute: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Tool {
    name: String,
    /// `<upstream>.<tool>`: what policies and audit call it.
    canonical_name: String,
    tier: super::super::rules::Tier,
    /// As the upstream sent it.
    #[schema(value_type = Option<Object>)]
    definition: Option<Value>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UpstreamHealth)]
pub(super) struct Health {
    upstream: String,
    state: State,
    /// Why it could not be reached, for people.
    problem: Option<String>,
    /// How far the attempt came: `resolve`, `connect`, `tls`, `authorize`, `start`, `handshake`, `run`, `queue` or
    /// `list`.
    problem_stage: Option<&'static str>,
    /// Since when there has been a problem without a break.
    #[schema(format = "date-time")]
    problem_since: Option<String>,
    era: Option<Era>,
    tools: Option<u32>,
    #[schema(format = "date-time")]
    discovered_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = UpstreamState)]
enum State {
    Ready,
    Problem,
    NotTried,
    Disabled,
}

impl Upstream {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Tool {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl From<v1::Upstream> for Upstream {
    fn from(upstream: v1::Upstream) -> Self {
        let stage = stage(&upstream);
        let definition = upstream.definition.unwrap_or_default();
        let found = upstream.catalogue.as_ref();
        Self {
            problem_stage: stage,
            problem_since: timestamp(upstream.problem_since),
            isolation: definition.isolation().into(),
            protocol: definition.protocol().into(),
            id: upstream.id,
            name: definition.name,
            enabled: upstream.enabled,
            demo: definition.demo,
            version: upstream.version,
            reached: definition.transport.into(),
            pool: definition.pool.unwrap_or_default().into(),
            call_timeout_ms: milliseconds(definition.call_timeout),
            keep_arguments: definition.keep_arguments,
            created_at: timestamp(upstream.created_at),
            era: found.and_then(era),
            tools: found.map(|found| found.tools),
            prompts: found.map(|found| found.prompts),
            resources: found.map(|found| found.resources),
            resource_templates: found.map(|found| found.resource_templates),
            discovered_at: timestamp(found.and_then(|found| found.discovered_at)),
            server_info: found.and_then(|found| serde_json::from_str(&found.server_info).ok()),
            problem: upstream.problem,
        }
    }
}

impl From<v1::Upstream> for Health {
    fn from(upstream: v1::Upstream) -> Self {
        let found = upstream.catalogue.as_ref();
        Self {
            problem_stage: stage(&upstream),
            problem_since: timestamp(upstream.problem_since),
            state: match (upstream.enabled, &upstream.problem, found) {
                (false, ..) => State::Disabled,
                (_, Some(_), _) => State::Problem,
                (_, None, Some(_)) => State::Ready,
                (_, None, None) => State::NotTried,
            },
            era: found.and_then(era),
            tools: found.map(|found| found.tools),
            discovered_at: timestamp(found.and_then(|found| found.discovered_at)),
            upstream: upstream.definition.unwrap_or_default().name,
            problem: upstream.problem,
        }
    }
}

fn stage(upstream: &v1::Upstream) -> Option<&'static str> {
    upstream.problem_stage().known().map(Stage::as_str)
}

pub(super) fn era(found: &v1::CatalogueSummary) -> Option<Era> {
    match found.era() {
        v1::Era::Legacy => Some(Era::Legacy),
        v1::Era::Modern => Some(Era::Modern),
        v1::Era::Unspecified => None,
    }
}

fn milliseconds(span: Option<prost_types::Duration>) -> Option<u64> {
    let span = Duration::try_from(span?).ok()?;
    u64::try_from(span.as_millis()).ok()
}

impl From<v1::PoolLimits> for Pool {
    fn from(pool: v1::PoolLimits) -> Self {
        Self {
            min_idle: pool.min_idle,
            max_workers: pool.max_workers,
            max_in_flight: pool.max_in_flight,
            max_queue: pool.max_queue,
            queue_timeout_ms: milliseconds(pool.queue_timeout),
            idle_timeout_ms: milliseconds(pool.idle_timeout),
            calls_per_minute: pool.calls_per_minute,
            tool_calls_per_minute: pool.tool_calls_per_minute,
        }
    }
}

impl From<v1::Tool> for Tool {
    fn from(tool: v1::Tool) -> Self {
        Self {
            tier: tool.tier().into(),
            name: tool.name,
            canonical_name: tool.canonical_name,
            definition: serde_json::from_str(&tool.definition).ok(),
        }
    }
}

impl From<Option<Transport>> for Reached {
    fn from(transport: Option<Transport>) -> Self {
        match transport {
            Some(Transport::Http(endpoint)) => Self::Http(endpoint.into()),
            Some(Transport::Sse(endpoint)) => Self::Sse(endpoint.into()),
            Some(Transport::Stdio(command)) => Self::Stdio(command.into()),
            // Control keeps no such upstream.
            None => Self::Stdio(v1::StdioCommand::default().into()),
        }
    }
}

impl From<v1::StdioCommand> for Command {
    fn from(command: v1::StdioCommand) -> Self {
        Self {
            program: command.program,
            args: command.args,
            env: names(command.env),
            cwd: command.cwd,
        }
    }
}

impl From<v1::HttpEndpoint> for Endpoint {
    fn from(endpoint: v1::HttpEndpoint) -> Self {
        Self {
            url: endpoint.url,
            headers: names(endpoint.headers),
            allow_private_network: endpoint.allow_private_network,
            credential: endpoint.credential.map(Credential::from),
        }
    }
}

fn names(credentials: HashMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = credentials.into_keys().collect();
    names.sort_unstable();
    names
}

impl From<Presented> for Credential {
    fn from(presented: Presented) -> Self {
        match presented {
            Presented::Bearer(_) => Self::Bearer {},
            Presented::Basic(basic) => Self::Basic {
                username: basic.username,
            },
            Presented::ClientCredentials(grant) => Self::ClientCredentials {
                authentication: match grant.authentication() {
                    v1::ClientAuthentication::Post => "post",
                    v1::ClientAuthentication::Basic | v1::ClientAuthentication::Unspecified => {
                        "basic"
                    }
                },
                token_url: grant.token_url,
                client_id: grant.client_id,
                scopes: grant.scopes,
                resource: grant.resource,
                audience: grant.audience,
            },
        }
    }
}

impl From<v1::Isolation> for Isolation {
    fn from(isolation: v1::Isolation) -> Self {
        match isolation {
            v1::Isolation::Unspecified | v1::Isolation::Shared => Self::Shared,
            v1::Isolation::Key => Self::Key,
            v1::Isolation::Session => Self::Session,
        }
    }
}

impl From<Isolation> for v1::Isolation {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::Shared => Self::Shared,
            Isolation::Key => Self::Key,
            Isolation::Session => Self::Session,
        }
    }
}

impl From<v1::UpstreamProtocol> for Protocol {
    fn from(protocol: v1::UpstreamProtocol) -> Self {
        match protocol {
            v1::UpstreamProtocol::Unspecified => Self::Auto,
            v1::UpstreamProtocol::Legacy => Self::Legacy,
            v1::UpstreamProtocol::UpstreamProtocol20260728 => Self::Modern,
        }
    }
}

impl From<Protocol> for v1::UpstreamProtocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Auto => Self::Unspecified,
            Protocol::Legacy => Self::Legacy,
            Protocol::Modern => Self::UpstreamProtocol20260728,
        }
    }
}
