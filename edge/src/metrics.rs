//! The numbers operators watch. Labels are bounded: names of upstreams and outcomes, never of tools or
//! keys, of which there may be thousands.

use crate::record::entry::{Entry, Target};
use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    histogram,
};
use ostia_domain::usage::Outcome;

pub fn describe() {
    describe_counter!("ostia_requests_total", "MCP requests by method and outcome");
    describe_histogram!(
        "ostia_call_duration_seconds",
        Unit::Seconds,
        "Time from the first byte of a tools/call to its answer, by upstream"
    );
    describe_gauge!(
        "ostia_pool_queue",
        "Calls waiting for a worker, by upstream"
    );
    describe_gauge!(
        "ostia_upstream_reachable",
        "Whether the newest attempt to start a worker of an upstream succeeded and it lived"
    );
    describe_counter!(
        "ostia_token_requests_total",
        "Requests for access tokens, by upstream and outcome (token, failed)"
    );
    describe_gauge!(
        "ostia_control_silence_seconds",
        Unit::Seconds,
        "How long ago control was heard of: the age of what this edge knows"
    );
    describe_counter!(
        "ostia_worker_noise_lines_total",
        "Lines on workers' stdout that were no JSON-RPC"
    );
    describe_counter!(
        "ostia_worker_stray_answers_total",
        "Answers of workers that nobody waited for"
    );
    describe_counter!(
        "ostia_records_lost_total",
        "Records that neither control nor the disk took before this edge ended"
    );
    describe_gauge!(
        "ostia_records_held",
        "Records that wait in memory because neither control nor the disk takes them: too many of them, and requests are refused"
    );
    describe_gauge!(
        "ostia_snapshot_unreadable_objects",
        "Upstreams, catalogues, policies, plans and bundles that this edge cannot read and leaves out: what they govern is refused"
    );
    describe_gauge!(
        "ostia_snapshot_revision",
        "Revision of the snapshot this edge serves"
    );
}

/// The methods that are counted by name; what a stranger makes up is not.
const METHODS: [&str; 16] = [
    "tools/call",
    "tools/list",
    "prompts/get",
    "prompts/list",
    "resources/read",
    "resources/list",
    "resources/templates/list",
    "resources/subscribe",
    "completion/complete",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "tasks/result",
    "initialize",
    "server/discover",
];

pub fn known_method(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method)
}

/// Counters of requests, looked up once: by name it would cost more than the rest of the record.
pub struct RequestCounters([[Counter; Outcome::ALL.len()]; METHODS.len() + 1]);

impl RequestCounters {
    pub fn new() -> Self {
        Self(std::array::from_fn(|method| {
            let method = METHODS.get(method).copied().unwrap_or("other");
            Outcome::ALL.map(|outcome| {
                counter!("ostia_requests_total", "method" => method, "outcome" => outcome.as_str())
            })
        }))
    }

    /// Counts a request that ended.
    pub fn request(&self, entry: &Entry) {
        let known = METHODS.iter().position(|known| *known == entry.method);
        let outcome = Outcome::ALL
            .iter()
            .position(|known| *known == entry.outcome);
        let counters = &self.0[known.unwrap_or(METHODS.len())];
        if let Some(counter) = outcome.and_then(|outcome| counters.get(outcome)) {
            counter.increment(1);
        }
        if let Target::Item(tool) = &entry.target {
            tool.durations.record(entry.duration.as_secs_f64());
        }
    }
}

/// The durations of one upstream's calls.
pub fn call_durations(upstream: &str) -> Histogram {
    histogram!("ostia_call_duration_seconds", "upstream" => upstream.to_owned())
}
