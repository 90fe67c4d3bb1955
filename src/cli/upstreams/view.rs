//! Upstreams and their tools as results show them.

use super::super::{
    show::{moment, timestamp},
    table::{Table, fields},
};
use ostia_proto::v1::{self, upstream_definition::Transport};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

#[derive(Serialize)]
pub(crate) struct Upstream {
    id: String,
    pub(crate) name: String,
    enabled: bool,
    demo: bool,
    version: u64,
    /// `stdio`, `http` or `sse`.
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_private_network: Option<bool>,
    /// Names of variables or headers: values are write-only.
    credentials: Vec<String>,
    isolation: &'static str,
    protocol: &'static str,
    pool: Pool,
    call_timeout_ms: Option<u64>,
    created_at: Option<String>,
    /// `legacy` or `modern`, once an edge has found out.
    era: Option<&'static str>,
    server_info: Option<Box<RawValue>>,
    /// How many; null until an edge has reported.
    tools: Option<u32>,
    prompts: Option<u32>,
    resources: Option<u32>,
    resource_templates: Option<u32>,
    discovered_at: Option<String>,
    pub(crate) problem: Option<String>,
}

#[derive(Serialize)]
struct Pool {
    min_idle: Option<u32>,
    max_workers: Option<u32>,
    max_in_flight: Option<u32>,
    max_queue: Option<u32>,
    queue_timeout_ms: Option<u64>,
    idle_timeout_ms: Option<u64>,
}

#[derive(Serialize)]
pub(crate) struct Tool {
    name: String,
    canonical_name: String,
    tier: &'static str,
    /// As the upstream sent it.
    definition: Option<Box<RawValue>>,
}

impl From<v1::Upstream> for Upstream {
    fn from(upstream: v1::Upstream) -> Self {
        let definition = upstream.definition.unwrap_or_default();
        let protocol = match definition.protocol() {
            v1::UpstreamProtocol::Unspecified => "auto",
            v1::UpstreamProtocol::Legacy => "legacy",
            v1::UpstreamProtocol::UpstreamProtocol20260728 => "2026-07-28",
        };
        let isolation = match definition.isolation() {
            v1::Isolation::Unspecified | v1::Isolation::Shared => "shared",
            v1::Isolation::Key => "key",
            v1::Isolation::Session => "session",
        };
        let reached = Reached::of(definition.transport);
        let found = upstream.catalogue;
        Self {
            id: upstream.id,
            name: definition.name,
            enabled: upstream.enabled,
            demo: definition.demo,
            version: upstream.version,
            transport: reached.transport,
            program: reached
                .command
                .as_ref()
                .map(|command| command.program.clone()),
            args: reached.command.as_ref().map(|command| command.args.clone()),
            cwd: reached.command.and_then(|command| command.cwd),
            allow_private_network: reached
                .endpoint
                .as_ref()
                .map(|endpoint| endpoint.allow_private_network),
            url: reached.endpoint.map(|endpoint| endpoint.url),
            credentials: reached.credentials,
            isolation,
            protocol,
            pool: definition.pool.unwrap_or_default().into(),
            call_timeout_ms: milliseconds(definition.call_timeout),
            created_at: timestamp(upstream.created_at),
            era: found.as_ref().and_then(era),
            tools: found.as_ref().map(|found| found.tools),
            prompts: found.as_ref().map(|found| found.prompts),
            resources: found.as_ref().map(|found| found.resources),
            resource_templates: found.as_ref().map(|found| found.resource_templates),
            discovered_at: timestamp(found.as_ref().and_then(|found| found.discovered_at)),
            server_info: found.and_then(|found| RawValue::from_string(found.server_info).ok()),
            problem: upstream.problem,
        }
    }
}

/// How an upstream is reached, taken apart.
struct Reached {
    transport: &'static str,
    command: Option<v1::StdioCommand>,
    endpoint: Option<v1::HttpEndpoint>,
    credentials: Vec<String>,
}

impl Reached {
    fn of(transport: Option<Transport>) -> Self {
        let (transport, mut command, mut endpoint) = match transport {
            Some(Transport::Http(endpoint)) => ("http", None, Some(endpoint)),
            Some(Transport::Sse(endpoint)) => ("sse", None, Some(endpoint)),
            Some(Transport::Stdio(command)) => ("stdio", Some(command), None),
            None => ("stdio", None, None),
        };
        let env = command
            .as_mut()
            .map(|command| std::mem::take(&mut command.env));
        let headers = endpoint
            .as_mut()
            .map(|endpoint| std::mem::take(&mut endpoint.headers));
        let names = env.or(headers).unwrap_or_default().into_keys();
        let mut credentials: Vec<String> = names.collect();
        credentials.sort_unstable();
        Self {
            transport,
            command,
            endpoint,
            credentials,
        }
    }
}

fn era(found: &v1::CatalogueSummary) -> Option<&'static str> {
    match found.era() {
        v1::Era::Legacy => Some("legacy"),
        v1::Era::Modern => Some("modern"),
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
        }
    }
}

impl From<v1::Tool> for Tool {
    fn from(tool: v1::Tool) -> Self {
        Self {
            tier: match tool.tier() {
                v1::Tier::Read => "read",
                v1::Tier::Write => "write",
                v1::Tier::Destructive | v1::Tier::Unspecified => "destructive",
            },
            name: tool.name,
            canonical_name: tool.canonical_name,
            definition: RawValue::from_string(tool.definition).ok(),
        }
    }
}

impl Upstream {
    fn state(&self) -> &'static str {
        match (self.enabled, &self.problem, self.tools) {
            (false, ..) => "disabled",
            (_, Some(_), _) => "problem",
            (_, None, Some(_)) => "ready",
            (_, None, None) => "not tried yet",
        }
    }

    /// Its command or its URL.
    fn target(&self) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        let words = self.program.iter().chain(self.args.iter().flatten());
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn text(&self) -> String {
        fields([
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("transport", self.transport.to_owned()),
            ("target", self.target()),
            ("credentials", self.credentials.join(", ")),
            ("isolation", self.isolation.to_owned()),
            ("directory", self.cwd.clone().unwrap_or_default()),
            ("state", self.state().to_owned()),
            ("problem", self.problem.clone().unwrap_or_default()),
            ("protocol", self.protocol.to_owned()),
            ("speaks", self.era.unwrap_or_default().to_owned()),
            ("tools", number(self.tools)),
            ("prompts", number(self.prompts)),
            ("resources", number(self.resources)),
            ("resource templates", number(self.resource_templates)),
            ("found", moment(self.discovered_at.as_ref(), "")),
        ])
    }
}

fn number(of: Option<u32>) -> String {
    of.map_or(String::new(), |of| of.to_string())
}

pub(crate) fn table(upstreams: &[Upstream]) -> String {
    let rows = upstreams.iter().map(|upstream| {
        [
            upstream.name.clone(),
            upstream.state().to_owned(),
            upstream.era.unwrap_or("-").to_owned(),
            upstream
                .tools
                .map_or("-".to_owned(), |tools| tools.to_string()),
            upstream.target(),
        ]
    });
    Table::new(
        ["NAME", "STATE", "ERA", "TOOLS", "TARGET"],
        "no upstreams; add one with `ostia upstreams add NAME -- COMMAND`",
    )
    .rows(rows)
    .text()
}

pub(crate) fn tools(tools: &[Tool]) -> String {
    let rows = tools
        .iter()
        .map(|tool| [tool.canonical_name.clone(), tool.tier.to_owned()]);
    Table::new(
        ["TOOL", "TIER"],
        "no tools are known; `ostia upstreams show` says whether it was reached",
    )
    .rows(rows)
    .text()
}
