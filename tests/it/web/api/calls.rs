//! `POST …/execute`: a call of a tool through the edge, with the caller's own key.

use super::{Answer, Api, everything, send, service};
use crate::harness::{control, upstreams, wait};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// A key of a person that may call every tool, within these limits.
pub(super) async fn caller(api: &Api, name: &str, limits: Value) -> String {
    api.post(
        "/api/v1/policies",
        json!({"name": name, "rules": everything()}),
    )
    .await
    .ok(201);
    let key = json!({
        "name": name,
        "owner": "admin",
        "policies": [name],
        "restrictions": {"limits": limits},
    });
    let made = api.post("/api/v1/keys", key).await.ok(201);
    made["secret"].as_str().expect("a secret").to_owned()
}

pub(super) async fn call(
    api: &Api,
    key: &str,
    upstream: &str,
    tool: &str,
    arguments: Value,
) -> Answer {
    let path = format!("/api/v1/upstreams/{upstream}/tools/{tool}/execute");
    let body = json!({"arguments": arguments}).to_string();
    send(api.with_key(Method::POST, &path, key).body(body)).await
}

/// Waits until edges have found out what it offers, and serve it.
pub(super) async fn ready(api: &Api, upstream: &str) {
    let path = format!("/api/v1/upstreams/{upstream}/health");
    let found = wait::until(Duration::from_secs(20), "it was reached", || async {
        let health = api.get(&path).await.ok(200);
        if health["state"] == "ready" {
            Ok(())
        } else {
            Err(health)
        }
    });
    found.await;
    control::client(&api.ostia).settled().await;
}

#[tokio::test]
async fn a_tool_is_called_as_by_any_client() {
    let api = Api::start().await;
    let person = api.ostia.key.clone();
    let result = call(&api, &person, "demo", "add", json!({"a": 2, "b": 40})).await;
    assert_eq!(result.ok(200)["content"][0]["text"], "42");
    let usage = wait::until(Duration::from_secs(10), "it was recorded", || async {
        let usage = api.get("/api/v1/usage?tool=demo.add").await.ok(200);
        let found = usage["items"].as_array().expect("records").clone();
        if found.is_empty() {
            Err(usage)
        } else {
            Ok(found)
        }
    });
    let (records, _) = usage.await;
    assert_eq!(records[0]["key_name"], "demo");
    assert_eq!(records[0]["outcome"], "ok");
    let path = "/api/v1/usage/summary?group_by=upstream,tool&bucket=day";
    let summary = api.get(path).await.ok(200);
    assert_eq!(summary["rows"][0]["tool"], "add", "{summary:#}");
    // A service account without a policy may administer, and call nothing.
    let denied = call(&api, &api.key, "demo", "add", json!({})).await;
    denied.refused(404, "tool-unavailable");
    for (upstream, tool) in [
        ("demo", "nothing"),
        ("nothing", "add"),
        ("..%2Fadmin", "add"),
        ("demo", "a%0Ab"),
        ("@bundle", "add"),
    ] {
        let answer = call(&api, &person, upstream, tool, json!({})).await;
        assert_eq!(answer.status, 404, "{upstream} {tool}: {:#}", answer.body);
    }
}

#[tokio::test]
async fn what_the_edge_refuses_keeps_its_name() {
    let api = Api::start().await;
    let key = caller(&api, "held", json!({"calls_per_minute": 1})).await;
    control::client(&api.ostia).settled().await;
    let first = call(&api, &key, "demo", "echo", json!({"message": "x"})).await;
    first.ok(200);
    let second = call(&api, &key, "demo", "echo", json!({"message": "x"})).await;
    second.refused(429, "rate-limited");
    assert!(!second.header("retry-after").is_empty());
    let rules = json!({"rules": {
        "upstreams": ["*"],
        "allow": ["*"],
        "arguments": [{"tools": ["demo.echo"], "argument": "/message", "glob": ["good*"]}],
        "constraints": [{"tools": ["demo.add"], "max_result_bytes": 1}],
    }});
    let strict = caller(&api, "strict", json!({})).await;
    let path = "/api/v1/policies/strict";
    api.write(Method::PUT, path, rules).await.ok(200);
    control::client(&api.ostia).settled().await;
    let bad = call(&api, &strict, "demo", "echo", json!({"message": "bad"})).await;
    bad.refused(403, "argument-refused");
    let large = call(&api, &strict, "demo", "add", json!({"a": 1, "b": 2})).await;
    large.refused(502, "result-too-large");
}

#[tokio::test]
async fn an_upstream_that_fails_is_told_from_ostia() {
    let api = Api::start().await;
    let faulty = crate::harness::environment::repository().join("tests/peers/faulty.py");
    let body = json!({
        "name": "faulty",
        "transport": "stdio",
        "program": upstreams::python(),
        "args": ["-B", faulty],
        "env": {"SECRET": "canary-variable"},
        "call_timeout_ms": 1000,
    });
    let added = api.post("/api/v1/upstreams", body).await.ok(201);
    assert_eq!(added["env"], json!(["SECRET"]), "a value never comes back");
    ready(&api, "faulty").await;
    let key = caller(&api, "all", json!({})).await;
    control::client(&api.ostia).settled().await;
    let seen = call(&api, &key, "faulty", "environment", json!({})).await;
    assert!(seen.ok(200).to_string().contains("canary-variable"));
    let says_so = call(&api, &key, "faulty", "fail", json!({})).await;
    assert_eq!(says_so.ok(200)["isError"], true);
    let error = call(&api, &key, "faulty", "error", json!({})).await;
    error.refused(502, "upstream-error");
    assert!(error.body["upstream"]["code"].is_i64(), "{:#}", error.body);
    let ended = call(&api, &key, "faulty", "exit", json!({})).await;
    ended.refused(502, "worker-lost");
    let late = call(&api, &key, "faulty", "never", json!({})).await;
    late.refused(504, "call-timeout");
    // Another argument, and what was secret is still there.
    let change = json!({"call_timeout_ms": 2000, "env": {"OTHER": "x"}});
    let path = "/api/v1/upstreams/faulty";
    let changed = api.write(Method::PATCH, path, change).await.ok(200);
    assert_eq!(changed["env"], json!(["OTHER", "SECRET"]));
    assert_eq!(changed["version"], 2);
    let wrong = api.write(Method::PATCH, path, json!({"url": "x"})).await;
    wrong.refused_for(422, "invalid-argument", "url");
    ready(&api, "faulty").await;
    let seen = call(&api, &key, "faulty", "environment", json!({})).await;
    assert!(seen.ok(200).to_string().contains("canary-variable"));
    let tools = api.get(&format!("{path}/tools?page_size=2")).await.ok(200);
    assert_eq!(tools["items"].as_array().map(Vec::len), Some(2));
    api.delete(path).await.ok(204);
    api.get(path).await.refused(404, "no-such-object");
}

/// Whatever a tool is called, and by the name or the id of its upstream.
#[tokio::test]
async fn every_tool_that_is_listed_is_called() {
    let api = Api::start().await;
    let names = ["plain", "read file", "ünï", "=?base64?eA==?=", "a/b", " x "];
    let tools = names.map(|name| json!({"name": name, "inputSchema": {"type": "object"}}));
    let offer = json!({"tools": [tools]}).to_string();
    let script = crate::harness::environment::repository().join("tests/peers/lister.py");
    let body = json!({
        "name": "named",
        "transport": "stdio",
        "program": upstreams::python(),
        "args": ["-B", script, offer],
    });
    let added = api.post("/api/v1/upstreams", body).await.ok(201);
    let id = added["id"].as_str().expect("an id");
    ready(&api, "named").await;
    let key = caller(&api, "all", json!({})).await;
    let none = service(&api.ostia, "none", "member").await;
    control::client(&api.ostia).settled().await;
    let listed = api.get("/api/v1/upstreams/named/tools").await.ok(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(names.len()));
    for tool in listed["items"].as_array().expect("tools") {
        let tool = tool["name"].as_str().expect("a name");
        let escaped = tool.bytes().map(|byte| format!("%{byte:02X}"));
        let escaped = escaped.collect::<Vec<_>>().concat();
        for upstream in ["named", id] {
            let called = call(&api, &key, upstream, &escaped, json!({})).await;
            assert_eq!(called.ok(200)["content"][0]["text"], tool);
        }
    }
    // Who may call nothing of it learns nothing by its id.
    let stranger = call(&api, &none, id, "plain", json!({})).await;
    stranger.refused(404, "tool-unavailable");
    assert!(
        !stranger.body["detail"].to_string().contains("named"),
        "{:#}",
        stranger.body
    );
    let nobodys = "00000000-0000-4000-8000-000000000000";
    let missing = call(&api, &key, nobodys, "plain", json!({})).await;
    missing.refused(404, "tool-unavailable");
}

/// What stands twice in what was sent is judged as it was sent, by everybody who judges.
#[tokio::test]
async fn arguments_are_judged_as_they_were_sent() {
    let api = Api::start().await;
    let key = caller(&api, "strict", json!({})).await;
    let rules = json!({"rules": {
        "upstreams": ["*"],
        "allow": ["*"],
        "arguments": [{"tools": ["demo.echo"], "argument": "/message", "glob": ["ok"]}],
    }});
    let path = "/api/v1/policies/strict";
    api.write(Method::PUT, path, rules).await.ok(200);
    control::client(&api.ostia).settled().await;
    for (arguments, allowed) in [
        (r#"{"message": "ok"}"#, true),
        (r#"{"message": "evil"}"#, false),
        (r#"{"message": "evil", "message": "ok"}"#, false),
    ] {
        let asked =
            format!(r#"{{"key": "strict", "tool": "demo.echo", "arguments": {arguments}}}"#);
        let test = api.request(Method::POST, "/api/v1/policies/test");
        let said = send(test.body(asked)).await.ok(200);
        assert_eq!(said["allowed"], allowed, "{arguments}: {said:#}");
        let key_and_tool = ["--key", "strict", "--tool", "demo.echo"];
        let test = [
            &["policies", "test"],
            &key_and_tool[..],
            &["--arguments", arguments],
        ];
        let by_hand = api.ostia.cli(&test.concat()).await;
        assert_eq!(by_hand.code, Some(i32::from(!allowed)), "{arguments}");
        let execute = "/api/v1/upstreams/demo/tools/echo/execute";
        let call = api.with_key(Method::POST, execute, &key);
        let called = send(call.body(format!(r#"{{"arguments": {arguments}}}"#))).await;
        assert_eq!(called.status, if allowed { 200 } else { 403 });
    }
    for (path, body, status, code) in [
        (
            "policies/test",
            r#"{"key": "strict", "tool": "demo.echo", "arguments": [1]}"#,
            400,
            "invalid-json",
        ),
        (
            "upstreams/demo/tools/echo/execute",
            r#"{"arguments": "x"}"#,
            400,
            "invalid-json",
        ),
    ] {
        let request = api.request(Method::POST, &format!("/api/v1/{path}"));
        let wrong = send(request.body(body)).await;
        wrong.refused_for(status, code, "arguments");
    }
}
