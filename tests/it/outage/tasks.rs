//! Tasks on workers of one edge, asked about at another.

use super::edges::Edges;
use crate::{
    harness::{guarded::Guarded, upstreams},
    mcp::tasks::{ask, becomes, begin},
};
use serde_json::json;

const TOOL: &str = "works__slow_compute";

/// The worker is a process of the edge where the task was begun.
#[tokio::test]
async fn a_task_is_found_from_whatever_edge_is_asked() {
    let http = Guarded::start().await;
    let mut edges = Edges::start_together(&http).await;
    edges.add(upstreams::fixture("works", "modern")).await;
    let (here, there) = (edges.first(), edges.second());
    let task = begin(&here, TOOL, &json!({"seconds": 1})).await;
    let done = becomes(&there, &task, "completed").await;
    assert_eq!(done, ask(&here, "get", &task).await.result());
    let task = begin(&here, TOOL, &json!({"seconds": 300})).await;
    let cancelled = ask(&there, "cancel", &task).await.result();
    assert_eq!(cancelled, json!({"resultType": "complete"}));
    becomes(&here, &task, "cancelled").await;
    // It is nobody else's there either.
    let stranger = there.with_key("");
    assert_eq!(ask(&stranger, "get", &task).await.status, 401);

    // With the edge its workers are gone, and whoever asks is told.
    let task = begin(&here, TOOL, &json!({"seconds": 300})).await;
    becomes(&there, &task, "working").await;
    edges.kill_the_first().await;
    let lost = ask(&there, "get", &task).await;
    assert_eq!(lost.refusal().2, "task-lost");
}
