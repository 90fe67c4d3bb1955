//! Plans: how much a key may do in a short window.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
};
use ostia_proto::v1;
use serde_json::json;

async fn key_with(ostia: &Ostia, plan: v1::Plan) -> String {
    let control = control::client(ostia);
    let name = plan.name.clone();
    control
        .plans()
        .create_plan(v1::CreatePlanRequest { plan: Some(plan) })
        .await
        .expect("a plan");
    let policies = vec!["read-only".to_owned()];
    let request = v1::CreateKeyRequest {
        policies,
        plan: Some(name.clone()),
        ..control::named(&name)
    };
    let made = control::create_key(&control, request).await;
    control.settled().await;
    made.secret
}

#[track_caller]
fn assert_retry_after(answer: &Answer) {
    let seconds = answer
        .header("retry-after")
        .and_then(|value| value.parse::<u64>().ok());
    assert!(
        seconds.is_some_and(|seconds| (1..=120).contains(&seconds)),
        "{answer:?}"
    );
    assert!(
        answer.json()["error"]["data"]["retryAfterMs"]
            .as_u64()
            .is_some_and(|ms| ms > 0),
        "{answer:?}"
    );
}

#[tokio::test]
async fn calls_beyond_the_rate_are_refused_with_advice() {
    let ostia = Ostia::start().await;
    let plan = v1::Plan {
        name: "rate".to_owned(),
        calls_per_minute: Some(2),
        burst: Some(2),
        ..v1::Plan::default()
    };
    let endpoint = Endpoint::new(&ostia.mcp_url, &key_with(&ostia, plan).await);
    let call = || modern::call(&endpoint, "demo__echo", &json!({"message": "x"})).send();
    for _ in 0..2 {
        assert_eq!(call().await.first_text(), "x");
    }
    let refused = call().await;
    assert_refused(&refused, 429, -31029, "rate-limited");
    assert_retry_after(&refused);
    // Looking is free; and another key has its own.
    assert_eq!(modern::tools(&endpoint).await.len(), 4);
    let other = endpoint.with_key(&ostia.key);
    assert_eq!(
        modern::call(&other, "demo__echo", &json!({"message": "y"}))
            .send()
            .await
            .first_text(),
        "y"
    );
}

#[tokio::test]
async fn calls_beyond_the_number_in_flight_are_refused_with_advice() {
    let ostia = Ostia::start().await;
    let plan = v1::Plan {
        name: "one".to_owned(),
        max_in_flight: Some(1),
        ..v1::Plan::default()
    };
    let endpoint = Endpoint::new(&ostia.mcp_url, &key_with(&ostia, plan).await);
    let slow = || modern::call(&endpoint, "demo__slow", &json!({"seconds": 2})).send();
    let (one, other) = tokio::join!(slow(), slow());
    let (ran, refused) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    ran.result();
    assert_refused(&refused, 429, -31029, "too-many-calls");
    // The place is free again.
    assert_eq!(
        modern::call(&endpoint, "demo__echo", &json!({"message": "x"}))
            .send()
            .await
            .first_text(),
        "x"
    );
}
