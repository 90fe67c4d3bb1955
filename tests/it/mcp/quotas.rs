//! Quotas: how much a key and its owner may do in a day and in a month.

use super::{
    documented::assert_refused,
    limits::{another_key_of, echo, key_of, key_with},
};
use crate::harness::{
    control, database,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    split::{Split, another_edge},
    wait,
};
use ostia_domain::{clock, period::Period};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

fn monthly(calls: u64) -> v1::Limits {
    quota(Period::Month, calls)
}

fn quota(period: Period, calls: u64) -> v1::Limits {
    let of = |wanted| (period == wanted).then_some(calls);
    v1::Limits {
        calls_per_day: of(Period::Day),
        calls_per_month: of(Period::Month),
        ..v1::Limits::default()
    }
}

/// What is left stands in every answer, and when it is used up that is said with the limit, the period that it is of,
/// and the moment of the next.
#[tokio::test]
async fn a_quota_is_counted_and_told() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    for period in Period::ALL {
        let key = key_of(&control, period.name(), None, quota(period, 3)).await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        let ends = period.at(clock::now()).ends_at;
        for left in [2, 1, 0] {
            let answer = echo(&endpoint).await;
            assert_eq!(answer.first_text(), "x");
            assert_eq!(
                answer.header("ostia-quota-remaining"),
                Some(&*left.to_string())
            );
            let quota = &answer.result()["_meta"]["dev.ostia/quota"];
            assert_eq!(quota["remaining"], left, "{quota}");
            let resets_at = ends.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            assert_eq!(quota["resetsAt"], resets_at);
        }
        let refused = echo(&endpoint).await;
        assert_refused(&refused, 429, -31028, "quota-used-up");
        let until = ends.format("%Y-%m-%d 00:00 UTC");
        let said = format!(
            "This API key allows 3 calls a {}, and they are used up until {until}.",
            period.name()
        );
        assert_eq!(refused.json()["error"]["message"], said);
        assert_eq!(refused.header("ratelimit-limit"), Some("3"));
        assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
        let lasts = (ends - clock::now()).num_seconds();
        for name in ["ratelimit-reset", "retry-after"] {
            let seconds = refused.header(name).and_then(|text| text.parse().ok());
            let seconds: i64 = seconds.unwrap_or_else(|| panic!("{name} of {refused:?}"));
            assert!(
                (lasts..lasts + 60).contains(&seconds),
                "{name}: {seconds}, {lasts}"
            );
        }
        let data = &refused.json()["error"]["data"];
        assert_eq!((&data["limit"], &data["remaining"]), (&json!(3), &json!(0)));
    }
}

/// Two edges of one quota together make all of its calls, and not one more.
#[tokio::test]
async fn two_edges_share_a_quota() {
    let split = Split::start().await;
    let control = split.services();
    let other = another_edge(&split.control, Ostia::options()).await;
    for period in Period::ALL {
        let key = key_of(&control, period.name(), None, quota(period, 25)).await;
        let endpoints = [&split.edge.mcp_url, &other.mcp_url].map(|url| Endpoint::new(url, &key));
        let mut made = 0;
        loop {
            let (one, other) = tokio::join!(echo(&endpoints[0]), echo(&endpoints[1]));
            let answers = [one, other];
            let let_in = answers.iter().filter(|answer| answer.status == 200).count();
            for refused in answers.iter().filter(|answer| answer.status != 200) {
                assert_refused(refused, 429, -31028, "quota-used-up");
            }
            made += let_in;
            if let_in == 0 {
                break;
            }
        }
        assert_eq!(made, 25, "a {}", period.name());
    }
}

/// A plan with both: the day's is used up first, what it refuses costs nothing of the month, and when it is raised the
/// month still holds.
#[tokio::test]
async fn a_day_and_a_month_hold_together() {
    let ostia = Ostia::start().await;
    let limits = |calls_per_day| v1::Limits {
        calls_per_day: Some(calls_per_day),
        calls_per_month: Some(3),
        ..v1::Limits::default()
    };
    let plan = v1::Plan {
        name: "both".to_owned(),
        limits: Some(limits(2)),
        ..v1::Plan::default()
    };
    let endpoint = Endpoint::new(&ostia.mcp_url, &key_with(&ostia, plan).await);
    let left = |answer: &Answer| answer.header("ostia-quota-remaining").map(str::to_owned);
    for remaining in ["1", "0"] {
        assert_eq!(left(&echo(&endpoint).await).as_deref(), Some(remaining));
    }
    let said = |refused: &Answer| {
        assert_refused(refused, 429, -31028, "quota-used-up");
        refused.json()["error"]["message"].to_string()
    };
    for _ in 0..3 {
        let message = said(&echo(&endpoint).await);
        assert!(message.contains("allows 2 calls a day"), "{message}");
    }
    let control = control::client(&ostia);
    let request = v1::UpdatePlanRequest {
        plan: "both".to_owned(),
        limits: Some(limits(10)),
    };
    let raised = control.plans().update_plan(request).await;
    raised.expect("another plan");
    let last = wait::until(Duration::from_secs(20), "the day is raised", async || {
        let answer = echo(&endpoint).await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    assert_eq!(
        left(&last.await.0).as_deref(),
        Some("0"),
        "the last of the month"
    );
    let message = said(&echo(&endpoint).await);
    assert!(message.contains("allows 3 calls a month"), "{message}");
}

/// What was used up is there again the next day and the next month.
#[tokio::test]
async fn a_quota_is_renewed() {
    let mut ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mut endpoints = Vec::new();
    for period in Period::ALL {
        let key = key_of(&control, period.name(), None, quota(period, 1)).await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        assert_eq!(echo(&endpoint).await.first_text(), "x");
        assert_refused(&echo(&endpoint).await, 429, -31028, "quota-used-up");
        endpoints.push(endpoint);
    }
    ostia.restart().await;
    for endpoint in &endpoints {
        assert_refused(&echo(endpoint).await, 429, -31028, "quota-used-up");
    }
    // As if all of it had been the day and the month before.
    ostia.stop().await;
    let before = "UPDATE quota_leases SET month = month - 1";
    database::execute(&ostia.database_url(), before).await;
    ostia.start_again().await;
    for endpoint in &endpoints {
        assert_eq!(echo(endpoint).await.first_text(), "x");
        assert_refused(&echo(endpoint).await, 429, -31028, "quota-used-up");
    }
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
    let mut endpoints = Vec::new();
    for period in Period::ALL {
        let key = key_of(&control, period.name(), None, quota(period, 200)).await;
        endpoints.push(Endpoint::new(&ostia.mcp_url, &key));
    }
    for endpoint in &endpoints {
        for left in [199, 198, 197] {
            let answer = echo(endpoint).await;
            let told = answer.header("ostia-quota-remaining");
            assert_eq!(told, Some(&*format!("{left}")));
        }
    }
    ostia.restart().await;
    for endpoint in &endpoints {
        let answer = echo(endpoint).await;
        assert_eq!(answer.header("ostia-quota-remaining"), Some("196"));
    }
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
