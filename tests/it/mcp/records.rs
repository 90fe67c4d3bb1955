//! Every call and every refusal is written down, once.

use crate::harness::{
    control,
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::Ostia,
};
use futures_util::future::join_all;
use ostia_proto::v1;
use serde_json::json;
use std::collections::HashMap;

fn id(answer: &Answer) -> String {
    answer
        .header("ostia-request-id")
        .expect("a request id")
        .to_owned()
}

#[tokio::test]
async fn nothing_is_lost_on_a_stop_and_nothing_is_twice() {
    let mut ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    let mut expected: HashMap<String, (&str, &str)> = HashMap::new();

    let calls = (0..200)
        .map(|n| modern::call(&endpoint, "demo__echo", &json!({"message": n.to_string()})).send());
    let calls = join_all(calls).await;
    expected.extend(calls.iter().map(|answer| (id(answer), ("ok", ""))));
    let unknown = session.call("demo__nope", &json!({})).await;
    expected.insert(id(&unknown), ("unknown_tool", "tool-unavailable"));
    let anonymous = modern::call(
        &Endpoint::anonymous(&ostia.mcp_url),
        "demo__echo",
        &json!({}),
    )
    .send()
    .await;
    expected.insert(id(&anonymous), ("unauthenticated", "key-missing"));
    let batch = session.post("[]").send().await;
    expected.insert(id(&batch), ("invalid", "invalid-request"));
    let origin = endpoint
        .post("{}")
        .header("origin", "https://evil.example")
        .send()
        .await;
    expected.insert(id(&origin), ("invalid", "origin-forbidden"));

    ostia.restart().await;
    let control = control::client(&ostia);
    let events = control::audit(&control).await;
    for (request, (outcome, error)) in &expected {
        let found: Vec<_> = events
            .iter()
            .filter(|event| event.request_id == *request)
            .collect();
        assert_eq!(found.len(), 1, "{request} ({outcome} {error}): {found:#?}");
        assert_eq!(
            (found[0].outcome.as_str(), found[0].error.as_str()),
            (*outcome, *error),
            "{:#?}",
            found[0]
        );
    }
    let echoes = control::usage(&control)
        .await
        .into_iter()
        .filter(|record| record.tool == "echo");
    assert_eq!(echoes.filter(|record| record.outcome == "ok").count(), 200);
}

/// One call, and all that audit says about it.
#[tokio::test]
async fn an_event_says_who_did_what_and_how_it_went() {
    let mut ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let answer = modern::call(
        &endpoint,
        "demo__echo",
        &json!({"message": "canary-in-arguments"}),
    )
    .send()
    .await;
    let request = id(&answer);
    ostia.restart().await;

    let control = control::client(&ostia);
    let events = control::audit(&control).await;
    let event = events
        .iter()
        .find(|event| event.request_id == request)
        .expect("the event");
    assert_eq!(event.actor, "key:demo");
    assert_eq!(event.action, "tools/call");
    assert_eq!(event.target, "demo.echo");
    assert_eq!(event.outcome, "ok");
    assert!(event.rule.starts_with("read-only: allow"), "{event:#?}");
    assert_eq!(event.arguments_digest.len(), 64, "{event:#?}");
    assert!(event.remote_address.starts_with("127.0.0.1"), "{event:#?}");
    assert!(event.duration_us > 0);

    let record = control::usage(&control)
        .await
        .into_iter()
        .find(|record| record.tool == "echo");
    let v1::UsageRecord {
        key_name,
        upstream,
        request_bytes,
        result_bytes,
        ..
    } = record.expect("the record");
    assert_eq!((key_name.as_str(), upstream.as_str()), ("demo", "demo"));
    assert!(request_bytes > 0 && result_bytes > 0);

    // Arguments and keys are nobody's business but the caller's and the tool's.
    assert!(!ostia.log().contains("canary-in-arguments"));
    assert!(!ostia.log().contains(&ostia.key));
    assert!(!format!("{events:?}").contains("canary-in-arguments"));
}

/// Operators are told what callers are not.
#[tokio::test]
async fn audit_tells_denied_from_unknown() {
    let mut ostia = Ostia::start().await;
    let mut rules = control::everything_of(&["demo"]);
    rules.deny = vec!["demo.echo".to_owned()];
    let key = control::key(&control::client(&ostia), "narrow", rules)
        .await
        .secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let denied = id(&modern::call(&endpoint, "demo__echo", &json!({}))
        .send()
        .await);
    let unknown = id(&modern::call(&endpoint, "demo__nope", &json!({}))
        .send()
        .await);
    ostia.restart().await;

    let events = control::audit(&control::client(&ostia)).await;
    let find = |request: &str| {
        events
            .iter()
            .find(|event| event.request_id == request)
            .expect("the event")
    };
    assert_eq!(find(&denied).outcome, "denied");
    assert_eq!(find(&denied).rule, "narrow: deny demo.echo");
    assert_eq!(find(&unknown).outcome, "unknown_tool");
}

/// One odd request must not hold up the records of all others.
#[tokio::test]
async fn nothing_that_a_caller_writes_stops_the_records() {
    let mut ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    let mut requests = Vec::new();
    for name in [
        "\u{0}",
        "demo__\u{0}",
        "\u{feff}\u{202e}",
        "'; DROP TABLE usage_records; --",
        &"x".repeat(100_000),
    ] {
        requests.push(id(&session.call(name, &json!({})).await));
        requests.push(id(&session.request(1, name, &json!({})).await));
    }
    let odd_client = modern::call(&endpoint, "demo__echo", &json!({"message": "x"}));
    let odd_client = odd_client
        .header("user-agent", "x".repeat(8_000))
        .send()
        .await;
    requests.push(id(&odd_client));
    ostia.restart().await;
    let events = control::audit(&control::client(&ostia)).await;
    for request in requests {
        assert!(
            events.iter().any(|event| event.request_id == request),
            "{request} is not in audit"
        );
    }
}
