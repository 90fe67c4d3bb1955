//! The numbers operators watch. Labels are bounded: names of upstreams and outcomes, never of tools or
//! keys, of which there may be thousands.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, histogram};
use ostia_domain::audit::CallRecord;
use std::time::Duration;

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
        "Records that neither control nor the disk took"
    );
    describe_gauge!(
        "ostia_snapshot_revision",
        "Revision of the snapshot this edge serves"
    );
}

/// Counts a request that ended.
pub fn request(record: &CallRecord, took: Duration) {
    let outcome = record.outcome.as_str();
    let method = known_method(&record.method);
    counter!("ostia_requests_total", "method" => method, "outcome" => outcome).increment(1);
    if let Some(upstream) = &record.upstream {
        histogram!("ostia_call_duration_seconds", "upstream" => upstream.clone())
            .record(took.as_secs_f64());
    }
}

/// A method as a label: whatever a stranger makes up is one word.
fn known_method(method: &str) -> &'static str {
    match method {
        "tools/call" => "tools/call",
        "tools/list" => "tools/list",
        "initialize" => "initialize",
        "server/discover" => "server/discover",
        _ => "other",
    }
}
