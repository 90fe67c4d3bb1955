//! Who goes away in the middle of a call: in the stateless era that ends the call, under a session it
//! does not.

use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, Exchange, legacy::Session, modern},
    ostia::Ostia,
    upstreams, wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

/// Long enough to be noticed, when a call that was given up is still in the way.
const CALL: u64 = 4;

struct Slow {
    _ostia: Ostia,
    control: Control,
    endpoint: Endpoint,
}

impl Slow {
    /// One worker that takes two calls at once.
    async fn start() -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        let definition = upstreams::script("faulty", "faulty.py", &["slow"]).pool(1, 2, 10);
        definition.add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        Self {
            _ostia: ostia,
            control,
            endpoint,
        }
    }

    /// How many calls the worker was asked to give up.
    async fn cancelled(&self) -> String {
        modern::call(&self.endpoint, "faulty__cancelled", &json!({}))
            .send()
            .await
            .first_text()
    }

    /// The record of the call that was left, once there is one.
    async fn outcome(&self) -> String {
        let recorded = wait::until(
            Duration::from_secs(CALL + 10),
            "the call is recorded",
            || async {
                let usage = control::usage(&self.control).await;
                let record = usage.into_iter().find(|record| record.tool == "sleep");
                record
                    .map(|record: v1::UsageRecord| record.outcome)
                    .ok_or("no record")
            },
        );
        recorded.await.0
    }
}

/// Sends a request and closes the connection before its answer.
async fn leave(exchange: Exchange) {
    let left = tokio::time::timeout(Duration::from_millis(500), exchange.begin()).await;
    assert!(
        left.is_err(),
        "the call was answered before it could be left"
    );
}

#[tokio::test]
async fn leaving_a_stateless_call_ends_it() {
    let slow = Slow::start().await;
    leave(modern::call(
        &slow.endpoint,
        "faulty__sleep",
        &json!({"seconds": CALL}),
    ))
    .await;
    let told = wait::until(Duration::from_secs(1), "the worker is told", || async {
        let cancelled = slow.cancelled().await;
        if cancelled == "1" {
            Ok(())
        } else {
            Err(cancelled)
        }
    });
    told.await;
    assert_eq!(slow.outcome().await, "cancelled");
}

#[tokio::test]
async fn leaving_a_call_under_a_session_does_not_end_it() {
    let slow = Slow::start().await;
    let session = Session::open(&slow.endpoint).await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "faulty__sleep", "arguments": {"seconds": CALL}}});
    leave(session.post(body.to_string())).await;
    assert_eq!(slow.outcome().await, "ok");
    assert_eq!(slow.cancelled().await, "0");
}

/// But whoever ends the session wants none of its answers.
#[tokio::test]
async fn ending_a_session_ends_its_calls() {
    let slow = Slow::start().await;
    let session = Session::open(&slow.endpoint).await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "faulty__sleep", "arguments": {"seconds": CALL}}});
    leave(session.post(body.to_string())).await;
    let end = slow.endpoint.request(reqwest::Method::DELETE);
    let end = end.header("mcp-session-id", session.id.as_str());
    assert_eq!(end.send().await.status, 200);
    assert_eq!(slow.outcome().await, "cancelled");
    assert_eq!(slow.cancelled().await, "1");
}
