//! A stop finishes what has begun.

use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    processes, wait,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn calls_that_run_are_answered_before_the_end() {
    let mut ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let slow = |n: u32| {
        let exchange = modern::request(
            &endpoint,
            n,
            "tools/call",
            &json!({"name": "demo__slow", "arguments": {"seconds": 2}}),
        );
        async move { exchange.send().await }
    };
    let terminate = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        processes::terminate(ostia.pid());
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all((0..20).map(slow)), terminate);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.json()["id"], n);
        answer.result();
    }
    ostia.ended().await;
    // And they are all in the records.
    ostia.start_again().await;
    let usage = control::usage(&control::client(&ostia)).await;
    assert_eq!(
        usage
            .iter()
            .filter(|record| record.tool == "slow" && record.outcome == "ok")
            .count(),
        20
    );
}

/// Load balancers look here; they must be told before the listener goes.
#[tokio::test]
async fn readiness_ends_with_the_signal() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let ready = || async {
        let answer = Endpoint::anonymous(&ostia.admin_url)
            .request(reqwest::Method::GET)
            .path("/readyz")
            .send()
            .await;
        answer.status
    };
    assert_eq!(ready().await, 200);
    let slow = modern::call(&endpoint, "demo__slow", &json!({"seconds": 3})).send();
    let observe = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        processes::terminate(ostia.pid());
        let changed = wait::until(
            Duration::from_secs(2),
            "not ready while it drains",
            || async {
                let status = ready().await;
                if status == 503 { Ok(()) } else { Err(status) }
            },
        );
        changed.await;
    };
    let (answer, ()) = tokio::join!(slow, observe);
    answer.result();
}
