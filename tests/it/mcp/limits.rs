//! Plans: how much a key may do in a short window. Quotas are beside it, in `quotas`.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
};
use ostia_proto::v1;
use serde_json::json;

pub(super) async fn key_with(ostia: &Ostia, plan: v1::Plan) -> String {
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
        limits: Some(v1::Limits {
            calls_per_minute: Some(2),
            burst: Some(2),
            ..v1::Limits::default()
        }),
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
        limits: Some(v1::Limits {
            max_in_flight: Some(1),
            ..v1::Limits::default()
        }),
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

/// A key of a new user with these limits of its own, under the user's plan.
pub(super) async fn key_of(
    control: &control::Control,
    user: &str,
    plan: Option<v1::Limits>,
    own: v1::Limits,
) -> String {
    let mut request = v1::CreateUserRequest {
        name: user.to_owned(),
        policies: vec!["read-only".to_owned()],
        ..v1::CreateUserRequest::default()
    };
    if plan.is_some() {
        let made = v1::Plan {
            name: format!("of {user}"),
            limits: plan,
            ..v1::Plan::default()
        };
        request.plan = Some(made.name.clone());
        let made = v1::CreatePlanRequest { plan: Some(made) };
        control.plans().create_plan(made).await.expect("a plan");
    }
    control
        .identity()
        .create_user(request)
        .await
        .expect("a user");
    another_key_of(control, user, own).await
}

pub(super) async fn another_key_of(
    control: &control::Control,
    user: &str,
    own: v1::Limits,
) -> String {
    let request = v1::CreateKeyRequest {
        owner: Some(user.to_owned()),
        policies: vec!["read-only".to_owned()],
        restrictions: Some(v1::KeyRestrictions {
            limits: Some(own),
            ..v1::KeyRestrictions::default()
        }),
        ..control::named(&format!("key {}", uuid::Uuid::now_v7()))
    };
    let made = control::create_key(control, request).await;
    control.settled().await;
    made.secret
}

pub(super) async fn echo(endpoint: &Endpoint) -> Answer {
    let message = json!({"message": "x"});
    modern::call(endpoint, "demo__echo", &message).send().await
}

/// A limit of a key by itself needs no plan.
#[tokio::test]
async fn a_key_has_a_rate_of_its_own() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let own = v1::Limits {
        calls_per_minute: Some(1),
        ..v1::Limits::default()
    };
    let key = key_of(&control, "bob", None, own).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    let refused = echo(&endpoint).await;
    assert_refused(&refused, 429, -31029, "rate-limited");
    assert_retry_after(&refused);
    assert_eq!(refused.header("ratelimit-limit"), Some("1"));
}

/// Another limit of a plan is no new plan: what was used of the rate is used.
#[tokio::test]
async fn a_change_of_a_plan_forgets_nothing() {
    let ostia = Ostia::start().await;
    let limits = v1::Limits {
        calls_per_minute: Some(1),
        max_in_flight: Some(2),
        ..v1::Limits::default()
    };
    let plan = v1::Plan {
        name: "slow".to_owned(),
        limits: Some(limits),
        ..v1::Plan::default()
    };
    let endpoint = Endpoint::new(&ostia.mcp_url, &key_with(&ostia, plan).await);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    let control = control::client(&ostia);
    let request = v1::UpdatePlanRequest {
        plan: "slow".to_owned(),
        limits: Some(v1::Limits {
            max_in_flight: Some(1),
            ..limits
        }),
    };
    let updated = control.plans().update_plan(request).await;
    updated.expect("another plan");
    control.settled().await;
    assert_refused(&echo(&endpoint).await, 429, -31029, "rate-limited");
}
