//! Upstreams and their tools as results show them.

use super::{
    super::{
        show::{moment, timestamp},
        table::{Table, fields},
    },
    pools::{self, Pool as EdgePool},
    reached::Reached,
};
use ostia_domain::upstream::Stage;
use ostia_proto::v1;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

#[derive(Serialize)]
pub(crate) struct Upstream {
    pub(super) id: String,
    pub(crate) name: String,
    enabled: bool,
    demo: bool,
    version: u64,
    #[serde(flatten)]
    reached: Reached,
    isolation: &'static str,
    protocol: &'static str,
    pool: Pool,
    call_timeout_ms: Option<u64>,
    keep_arguments: bool,
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
    /// How far the attempt came that ended in it.
    problem_stage: Option<&'static str>,
    problem_since: Option<String>,
    /// What runs now, by edge, for people: as JSON it is of `ostia upstreams pools`. Unset where nobody asked.
    #[serde(skip)]
    pub(super) pools: Option<Vec<EdgePool>>,
}

#[derive(Serialize)]
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
        let stage = upstream.problem_stage().known();
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
        let found = upstream.catalogue;
        Self {
            id: upstream.id,
            name: definition.name,
            enabled: upstream.enabled,
            demo: definition.demo,
            version: upstream.version,
            reached: definition.transport.into(),
            isolation,
            protocol,
            pool: definition.pool.unwrap_or_default().into(),
            call_timeout_ms: milliseconds(definition.call_timeout),
            keep_arguments: definition.keep_arguments,
            created_at: timestamp(upstream.created_at),
            era: found.as_ref().and_then(era),
            tools: found.as_ref().map(|found| found.tools),
            prompts: found.as_ref().map(|found| found.prompts),
            resources: found.as_ref().map(|found| found.resources),
            resource_templates: found.as_ref().map(|found| found.resource_templates),
            discovered_at: timestamp(found.as_ref().and_then(|found| found.discovered_at)),
            server_info: found.and_then(|found| RawValue::from_string(found.server_info).ok()),
            problem: upstream.problem,
            problem_stage: stage.map(Stage::as_str),
            problem_since: timestamp(upstream.problem_since),
            pools: None,
        }
    }
}

pub(super) fn era(found: &v1::CatalogueSummary) -> Option<&'static str> {
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
            calls_per_minute: pool.calls_per_minute,
            tool_calls_per_minute: pool.tool_calls_per_minute,
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

    fn state_and_stage(&self) -> String {
        match (self.state(), self.problem_stage) {
            ("problem", Some(stage)) => format!("problem ({stage})"),
            (state, _) => state.to_owned(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let [target, given, rest, credential] = self.reached.details();
        let text = fields([
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("transport", self.reached.transport().to_owned()),
            target,
            given,
            credential,
            rest,
            ("isolation", self.isolation.to_owned()),
            (
                "arguments",
                if self.keep_arguments { "kept" } else { "" }.to_owned(),
            ),
            ("state", self.state().to_owned()),
            ("problem", self.problem.clone().unwrap_or_default()),
            ("stage", self.problem_stage.unwrap_or_default().to_owned()),
            ("since", moment(self.problem_since.as_ref(), "")),
            ("protocol", self.protocol.to_owned()),
            ("speaks", self.era.unwrap_or_default().to_owned()),
            ("tools", number(self.tools)),
            ("prompts", number(self.prompts)),
            ("resources", number(self.resources)),
            ("templates", number(self.resource_templates)),
            ("found", moment(self.discovered_at.as_ref(), "")),
        ]);
        match &self.pools {
            Some(pools) => format!("{text}\n\n{}", pools::table(pools)),
            None => text,
        }
    }
}

fn number(of: Option<u32>) -> String {
    of.map_or(String::new(), |of| of.to_string())
}

/// What tells whether all is well; `show` and `pools` have the rest.
pub(crate) fn table(upstreams: &[Upstream]) -> String {
    let rows = upstreams.iter().map(|upstream| {
        let running = upstream.pools.as_deref().unwrap_or_default();
        let [workers, calls, _] = pools::sums(running);
        [
            upstream.name.clone(),
            upstream.state_and_stage(),
            upstream.tools.map_or("-".to_owned(), |of| of.to_string()),
            workers,
            calls,
            upstream.reached.target(),
        ]
    });
    Table::new(
        ["NAME", "STATE", "TOOLS", "WORKERS", "CALLS", "TARGET"],
        "no upstreams; add one with `ostia upstreams add NAME -- COMMAND`, or with --url",
    )
    .rows(rows)
    .text()
}

impl Tool {
    pub(crate) fn row(&self) -> [String; 2] {
        [self.canonical_name.clone(), self.tier.to_owned()]
    }
}

pub(crate) fn tools(tools: &[Tool]) -> String {
    Table::new(
        ["TOOL", "TIER"],
        "no tools are known; `ostia upstreams show` says whether it was reached",
    )
    .rows(tools.iter().map(Tool::row))
    .text()
}
