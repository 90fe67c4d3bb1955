//! The demo upstream by itself, line by line.

use crate::harness::{command::command, environment, talk::Talk};
use serde_json::{Value, json};

struct Demo;

impl Demo {
    fn start() -> Talk {
        let mut demo = command(environment::OSTIA);
        demo.arg("demo-upstream");
        Talk::start(demo)
    }

    async fn legacy() -> Talk {
        let mut demo = Self::start();
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let answer = demo.ask(0, "initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
        demo.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
        demo
    }
}

fn modern(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    params
}

#[tokio::test]
async fn a_legacy_client_shakes_hands_first() {
    let mut demo = Demo::start();
    let early = demo.ask(1, "tools/list", json!({})).await;
    assert_eq!(early["error"]["code"], -32600);
    let asked = demo
        .ask(2, "initialize", json!({ "protocolVersion": "1999-01-01" }))
        .await;
    assert_eq!(asked["result"]["protocolVersion"], "2025-11-25");
    let listed = demo.ask("three", "tools/list", json!({})).await;
    assert_eq!(listed["id"], "three");
    assert!(listed["result"].get("resultType").is_none());
    assert_eq!(demo.ask(4, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_modern_client_does_not() {
    let mut demo = Demo::start();
    let found = demo.ask(1, "server/discover", modern(json!({}))).await;
    assert_eq!(found["result"]["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(found["result"]["resultType"], "complete");
    let listed = demo.ask(2, "tools/list", modern(json!({}))).await;
    assert!(listed["result"]["ttlMs"].is_u64());
    assert_eq!(listed["result"]["cacheScope"], "public");
    for tool in listed["result"]["tools"].as_array().expect("tools") {
        assert_eq!(tool["annotations"]["readOnlyHint"], true);
        assert_eq!(tool["inputSchema"]["type"], "object");
    }
    let gone = demo.ask(3, "initialize", modern(json!({}))).await;
    assert_eq!(gone["error"]["code"], -32601);
    let mut future = modern(json!({}));
    future["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2030-01-01".into();
    let refused = demo.ask(4, "tools/list", future).await;
    assert_eq!(refused["error"]["code"], -32022);
    assert_eq!(refused["error"]["data"]["supported"], json!(["2026-07-28"]));
}

#[tokio::test]
async fn slow_reports_progress_to_those_who_ask() {
    let mut demo = Demo::legacy().await;
    let params = json!({ "name": "slow", "arguments": { "seconds": 0.1 }, "_meta": { "progressToken": "p" } });
    demo.request(1, "tools/call", params).await;
    let mut last = 0;
    loop {
        let message = demo.next().await;
        if message["id"] == 1 {
            assert_eq!(message["result"]["content"][0]["text"], "took 0.1 s");
            break;
        }
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], "p");
        let progress = message["params"]["progress"].as_u64().expect("a number");
        assert!(progress > last);
        last = progress;
    }
    assert_eq!(last, 10);
}

#[tokio::test]
async fn calls_run_side_by_side_and_a_cancelled_one_stays_silent() {
    let mut demo = Demo::legacy().await;
    let slow = |seconds: f64| json!({ "name": "slow", "arguments": { "seconds": seconds } });
    demo.request(1, "tools/call", slow(60.0)).await;
    demo.request(2, "tools/call", slow(0.2)).await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    demo.send(&cancel).await;
    let echo = json!({ "name": "echo", "arguments": { "message": "quick" } });
    assert_eq!(demo.ask(3, "tools/call", echo).await["id"], 3);
    assert_eq!(demo.next().await["id"], 2);
}

#[tokio::test]
async fn what_is_no_request_gets_its_error() {
    let mut demo = Demo::legacy().await;
    for (line, id, code) in [
        ("{", Value::Null, -32700),
        ("[]", Value::Null, -32600),
        (
            r#"{"jsonrpc":"1.0","id":5,"method":"ping"}"#,
            json!(5),
            -32600,
        ),
        (
            r#"{"jsonrpc":"2.0","id":6,"method":"ping","params":[]}"#,
            json!(6),
            -32600,
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"no/such"}"#,
            json!(7),
            -32601,
        ),
        (
            r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{}}"#,
            json!(8),
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"rm"}}"#,
            json!(9),
            -32602,
        ),
    ] {
        demo.line(line).await;
        let answer = demo.next().await;
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(code)),
            "{line}"
        );
    }
}
