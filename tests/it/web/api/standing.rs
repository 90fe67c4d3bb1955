//! What is left of a caller's limits: over REST as over MCP, by the same names and with the same numbers.

use super::{
    Api,
    calls::{call, caller},
    document::{document, operations},
    send,
};
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
};
use chrono::SecondsFormat;
use ostia_domain::{clock, period::Period};
use reqwest::Method;
use serde_json::{Value, json};

const OF_LIMITS: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

#[tokio::test]
async fn a_call_tells_what_is_left_of_the_quota_with_the_least() {
    let api = Api::start().await;
    let key = caller(
        &api,
        "monthly",
        json!({"calls_per_day": 3, "calls_per_month": 90}),
    )
    .await;
    let endpoint = Endpoint::new(&api.ostia.mcp_url, &key);
    control::client(&api.ostia).settled().await;
    let echo = async || call(&api, &key, "demo", "echo", json!({"message": "x"})).await;
    let over_mcp = || modern::call(&endpoint, "demo__echo", &json!({"message": "x"})).send();
    let left = async || {
        let me = send(api.with_key(Method::GET, "/v1/me", &key)).await;
        me.ok(200)["limits"][0].clone()
    };

    let before = left().await;
    assert_eq!(before["counts"], "key", "{before:#}");
    assert_eq!(before["plan"], Value::Null);
    assert_eq!(before["limits"]["calls_per_day"], 3);
    assert_eq!(before["limits"]["calls_per_month"], 90);
    let now = clock::now();
    let quota = |period: Period, calls: u64| {
        let ends = period
            .at(now)
            .ends_at
            .to_rfc3339_opts(SecondsFormat::Secs, true);
        json!({"period": period.name(), "calls": calls, "left": calls, "renews_at": ends})
    };
    let whole = json!([quota(Period::Month, 90), quota(Period::Day, 3)]);
    assert_eq!(before["quotas"], whole);

    let first = echo().await;
    assert_eq!(first.status, 200, "{:#}", first.body);
    assert_eq!(first.header("ostia-quota-remaining"), "2");
    let second = over_mcp().await;
    assert_eq!(second.header("ostia-quota-remaining"), Some("1"));
    let third = echo().await;
    assert_eq!(third.header("ostia-quota-remaining"), "0");

    let refused = echo().await;
    refused.refused(429, "quota-used-up");
    assert_eq!(refused.body["limit"], 3, "{:#}", refused.body);
    assert_eq!(refused.body["remaining"], 0);
    let wait = refused.body["retryAfterMs"].as_u64().expect("a time");
    let seconds = wait.div_ceil(1000).to_string();
    assert_eq!(refused.header("retry-after"), seconds);
    assert_eq!(refused.header("ratelimit-reset"), seconds);
    let by_mcp = over_mcp().await;
    let told = &by_mcp.json()["error"]["data"];
    for member in ["limit", "remaining"] {
        assert_eq!(told[member], refused.body[member], "{told:#}");
    }
    // Up to the second, which goes on between the two.
    for name in &OF_LIMITS[..2] {
        assert_eq!(by_mcp.header(name), Some(refused.header(name)), "{name}");
    }
    assert_eq!(left().await["quotas"][1]["left"], 0);
    // Whoever runs Ostia sees it at the key, beside what holds for its owner.
    let shown = api.get("/api/v1/keys/monthly").await.ok(200);
    assert_eq!(shown["name"], "monthly");
    let held = shown["limits"].as_array().expect("limits").iter();
    let held: Vec<_> = held.filter(|held| held["counts"] == "key").collect();
    assert_eq!(held, [&left().await], "{shown:#}");
}

#[tokio::test]
async fn a_call_that_came_too_soon_tells_when_to_come_again() {
    let api = Api::start().await;
    let key = caller(&api, "held", json!({"calls_per_minute": 1})).await;
    control::client(&api.ostia).settled().await;
    let echo = async || call(&api, &key, "demo", "echo", json!({"message": "x"})).await;
    let first = echo().await;
    // Nothing that is not limited is told of.
    assert_eq!(first.header("ostia-quota-remaining"), "");
    first.ok(200);
    let refused = echo().await;
    refused.refused(429, "rate-limited");
    assert_eq!(refused.header("ratelimit-limit"), "1");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let me = send(api.with_key(Method::GET, "/v1/me", &key))
        .await
        .ok(200);
    let held = &me["limits"][0];
    assert_eq!(held["limits"]["calls_per_minute"], 1, "{me:#}");
    assert_eq!(held["quotas"], json!([]));
}

#[tokio::test]
async fn the_document_has_the_headers_too() {
    let api = Api::start().await;
    let operations = operations(&document(&api).await);
    let execute = operations
        .iter()
        .find(|(_, path, _)| path.ends_with("/execute"));
    let (_, _, execute) = execute.expect("the operation");
    let headers = |status: &str| execute["responses"][status]["headers"].clone();
    assert!(headers("200")["Ostia-Quota-Remaining"].is_object());
    let refused = headers("429");
    for name in [
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "Retry-After",
    ] {
        assert_eq!(refused[name]["required"], true, "{refused:#}");
    }
}
