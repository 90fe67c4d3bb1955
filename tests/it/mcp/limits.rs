//! Plans: how much a key may do in a short window.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    split::Split,
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

fn monthly(calls: u64) -> v1::Limits {
    v1::Limits {
        calls_per_month: Some(calls),
        ..v1::Limits::default()
    }
}

/// A key of a new user with these limits of its own, under the user's plan.
async fn key_of(
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

async fn another_key_of(control: &control::Control, user: &str, own: v1::Limits) -> String {
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

async fn echo(endpoint: &Endpoint) -> Answer {
    let message = json!({"message": "x"});
    modern::call(endpoint, "demo__echo", &message).send().await
}

/// What is left of the month stands in every answer, and when it is used up that is said with the limit
/// and the moment of the next.
#[tokio::test]
async fn a_quota_is_counted_and_told() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = key_of(&control, "bob", None, monthly(3)).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    for left in [2, 1, 0] {
        let answer = echo(&endpoint).await;
        assert_eq!(answer.first_text(), "x");
        assert_eq!(
            answer.header("ostia-quota-remaining"),
            Some(&*left.to_string())
        );
        let quota = &answer.result()["_meta"]["dev.ostia/quota"];
        assert_eq!(quota["remaining"], left, "{quota}");
        assert!(
            quota["resetsAt"]
                .as_str()
                .is_some_and(|at| at.ends_with("T00:00:00Z"))
        );
    }
    let refused = echo(&endpoint).await;
    assert_refused(&refused, 429, -31028, "quota-used-up");
    assert_eq!(refused.header("ratelimit-limit"), Some("3"));
    assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
    assert!(refused.header("ratelimit-reset").is_some() && refused.header("retry-after").is_some());
    let data = &refused.json()["error"]["data"];
    assert_eq!((&data["limit"], &data["remaining"]), (&json!(3), &json!(0)));
}

/// A call that was not made costs nothing.
#[tokio::test]
async fn what_policy_refuses_is_not_counted() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = key_of(&control, "bob", None, monthly(2)).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    for _ in 0..5 {
        let refused = modern::call(&endpoint, "demo__none", &json!({}))
            .send()
            .await;
        assert_refused(&refused, 200, -32602, "tool-unavailable");
    }
    for _ in 0..2 {
        assert_eq!(echo(&endpoint).await.first_text(), "x");
    }
    assert_refused(&echo(&endpoint).await, 429, -31028, "quota-used-up");
}

/// All keys of a user count against the user's plan together, and the lowest of all limits wins.
#[tokio::test]
async fn keys_of_one_owner_share_their_plan() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let one = key_of(&control, "bob", Some(monthly(3)), monthly(100)).await;
    let other = another_key_of(&control, "bob", monthly(100)).await;
    let stranger = key_of(&control, "eve", None, monthly(100)).await;
    let [one, other, stranger] =
        [one, other, stranger].map(|key| Endpoint::new(&ostia.mcp_url, &key));
    assert_eq!(echo(&one).await.first_text(), "x");
    assert_eq!(echo(&other).await.first_text(), "x");
    let third = echo(&one).await;
    assert_eq!(third.header("ostia-quota-remaining"), Some("0"));
    for endpoint in [&one, &other] {
        assert_refused(&echo(endpoint).await, 429, -31028, "quota-used-up");
    }
    assert_eq!(echo(&stranger).await.first_text(), "x");
}

/// Blocks that an edge had are brought back when it stops: nothing of a quota is lost by a restart, and
/// nothing is given twice.
#[tokio::test]
async fn a_restart_costs_nothing_of_a_quota() {
    let mut ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = key_of(&control, "bob", None, monthly(200)).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    for left in [199, 198, 197] {
        let answer = echo(&endpoint).await;
        assert_eq!(
            answer.header("ostia-quota-remaining"),
            Some(&*format!("{left}"))
        );
    }
    ostia.restart().await;
    let answer = echo(&endpoint).await;
    assert_eq!(answer.header("ostia-quota-remaining"), Some("196"));
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

/// However small a quota is, an edge has some calls of it: control may be away for a while.
#[tokio::test]
async fn a_small_quota_waits_for_control_only_at_first() {
    let mut split = Split::start().await;
    let control = split.services();
    let key = key_of(&control, "bob", None, monthly(10)).await;
    let endpoint = split.endpoint().with_key(&key);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    split.control.kill9().await;
    for left in (5..9).rev() {
        let answer = echo(&endpoint).await;
        assert_eq!(answer.first_text(), "x");
        let told = answer.header("ostia-quota-remaining");
        assert_eq!(told, Some(&*left.to_string()));
    }
    // What it has not borrowed it cannot give.
    let refused = echo(&endpoint).await;
    assert_refused(&refused, 503, -31034, "control-unavailable");
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
