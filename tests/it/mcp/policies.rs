//! What policies say beyond names: arguments, limits, tiers.

use super::documented::assert_refused;
use crate::harness::{
    control::{self, Control},
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    upstreams,
};
use ostia_proto::v1;
use serde_json::{Value, json};

/// A key under these rules over the demo upstream, and what else they say.
async fn start(rules: v1::Rules) -> (Ostia, Control, Endpoint) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let rules = v1::Rules {
        upstreams: vec!["*".to_owned()],
        allow: vec!["*".to_owned()],
        ..rules
    };
    let key = control::key(&control, "bounded", rules).await.secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    (ostia, control, endpoint)
}

async fn call(endpoint: &Endpoint, tool: &str, arguments: Value) -> Answer {
    modern::call(endpoint, tool, &arguments).send().await
}

fn tools(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(ToString::to_string).collect()
}

async fn test_access(
    control: &Control,
    tool: &str,
    arguments: Option<&str>,
) -> v1::TestAccessResponse {
    let keys = control
        .keys()
        .list_keys(v1::ListKeysRequest::default())
        .await;
    let keys = keys.expect("keys").into_inner().keys;
    let key = keys.into_iter().find(|key| key.name == "bounded");
    let request = v1::TestAccessRequest {
        key: key.expect("the key").id,
        tool: tool.to_owned(),
        arguments: arguments.map(str::to_owned),
        address: None,
    };
    let answer = control.policies().test_access(request).await;
    answer.expect("an answer").into_inner()
}

/// The tool is listed, since some arguments pass; those that do not are refused with what would pass, at
/// the edge and by the tester alike.
#[tokio::test]
async fn arguments_that_do_not_pass_are_refused() {
    let rule = v1::ArgumentRule {
        tools: tools(&["demo.echo"]),
        argument: "/message".to_owned(),
        glob: tools(&["ok-*"]),
        ..v1::ArgumentRule::default()
    };
    let (_ostia, control, endpoint) = start(v1::Rules {
        arguments: vec![rule],
        ..v1::Rules::default()
    })
    .await;
    let listed = modern::request(&endpoint, 1, "tools/list", &json!({}))
        .send()
        .await;
    assert!(listed.text().contains("demo__echo"));
    let said = call(&endpoint, "demo__echo", json!({"message": "ok-1"})).await;
    assert_eq!(said.first_text(), "ok-1");
    let refused = call(&endpoint, "demo__echo", json!({"message": "no"})).await;
    assert_refused(&refused, 200, -31022, "argument-refused");
    let error = &refused.json()["error"];
    assert_eq!(error["data"]["argument"], "/message");
    let message = error["message"].as_str().expect("a text");
    assert!(message.contains("/message must match ok-*"), "{message}");
    // What the header says is not what is judged, and nobody slips a second value past the rule.
    let twice = modern::call(
        &endpoint,
        "demo__echo",
        &json!({"message": "ok-1", "Message": "no"}),
    );
    assert_refused(&twice.send().await, 200, -31022, "argument-refused");
    // Another tool is not concerned.
    call(&endpoint, "demo__now", json!({})).await.result();

    for (arguments, allowed) in [
        (None, true),
        (Some(r#"{"message":"ok-2"}"#), true),
        (Some(r#"{"message":"no"}"#), false),
    ] {
        let access = test_access(&control, "demo__echo", arguments).await;
        assert_eq!(access.allowed, allowed, "{access:?}");
        assert_eq!(access.tool, "demo.echo");
    }
    let access = test_access(&control, "demo.none", None).await;
    assert_eq!(
        (access.allowed, access.rule.as_str()),
        (false, "no such name")
    );
}

/// The tightest limit holds, whichever policy says it.
#[tokio::test]
async fn a_policy_limits_how_often_one_tool_is_called() {
    let limit = |patterns: &[&str], calls| v1::Constraint {
        tools: tools(patterns),
        calls_per_minute: Some(calls),
        ..v1::Constraint::default()
    };
    let (_ostia, control, endpoint) = start(v1::Rules {
        constraints: vec![limit(&["demo.*"], 50), limit(&["demo.echo"], 2)],
        ..v1::Rules::default()
    })
    .await;
    for _ in 0..2 {
        call(&endpoint, "demo__echo", json!({"message": "x"}))
            .await
            .result();
    }
    let refused = call(&endpoint, "demo__echo", json!({"message": "x"})).await;
    assert_refused(&refused, 429, -31029, "rate-limited");
    assert!(refused.json()["error"]["data"]["retryAfterMs"].as_u64() > Some(0));
    // Each tool is counted by itself.
    call(&endpoint, "demo__now", json!({})).await.result();
    let limits = test_access(&control, "demo.echo", None).await.limits;
    assert_eq!(limits.expect("limits").calls_per_minute, Some(2));
}

#[tokio::test]
async fn a_policy_limits_how_long_a_call_takes() {
    let (_ostia, _control, endpoint) = start(v1::Rules {
        constraints: vec![v1::Constraint {
            tools: tools(&["demo.slow"]),
            timeout_ms: Some(200),
            ..v1::Constraint::default()
        }],
        ..v1::Rules::default()
    })
    .await;
    let late = call(&endpoint, "demo__slow", json!({"seconds": 20})).await;
    assert_refused(&late, 200, -31033, "call-timeout");
}

#[tokio::test]
async fn a_policy_limits_what_comes_back() {
    let limit = |tool: &str, results, bytes| v1::Constraint {
        tools: tools(&[tool]),
        max_results: results,
        max_result_bytes: bytes,
        ..v1::Constraint::default()
    };
    let (_ostia, control, endpoint) = start(v1::Rules {
        constraints: vec![
            limit("fixture.test_multiple_content_types", Some(1), None),
            limit("demo.echo", None, Some(200)),
        ],
        ..v1::Rules::default()
    })
    .await;
    upstreams::fixture("fixture", "dual").add(&control).await;
    let cut = call(&endpoint, "fixture__test_multiple_content_types", json!({})).await;
    let cut = cut.result();
    assert_eq!(cut["content"].as_array().map(Vec::len), Some(1), "{cut:#}");
    assert_eq!(cut["_meta"]["dev.ostia/leftOut"], 2, "{cut:#}");

    call(&endpoint, "demo__echo", json!({"message": "short"}))
        .await
        .result();
    let large = json!({"message": "x".repeat(300)});
    let refused = call(&endpoint, "demo__echo", large).await;
    assert_refused(&refused, 200, -31023, "result-too-large");
    assert_eq!(refused.json()["error"]["data"]["maxResultBytes"], 200);
}

/// An annotation says what a tool may do, and a tool that has none may do everything.
#[tokio::test]
async fn a_tier_bounds_what_a_tool_may_do() {
    let (_ostia, control, endpoint) = start(v1::Rules {
        max_tier: v1::Tier::Write.into(),
        ..v1::Rules::default()
    })
    .await;
    let tool = |name: &str, annotations: Value| json!({"name": name, "inputSchema": {"type": "object"}, "annotations": annotations});
    let offer = json!({"tools": [[
        tool("reads", json!({"readOnlyHint": true})),
        tool("writes", json!({"destructiveHint": false})),
        tool("destroys", json!({"destructiveHint": true})),
        tool("silent", json!({})),
    ]]});
    upstreams::script("tiers", "lister.py", &[&offer.to_string()])
        .add(&control)
        .await;
    for (name, allowed) in [
        ("reads", true),
        ("writes", true),
        ("destroys", false),
        ("silent", false),
    ] {
        let answer = call(&endpoint, &format!("tiers__{name}"), json!({})).await;
        if allowed {
            assert_eq!(answer.first_text(), name);
        } else {
            assert_refused(&answer, 200, -32602, "tool-unavailable");
        }
    }
}
