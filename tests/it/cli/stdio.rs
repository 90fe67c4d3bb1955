//! `ostia stdio`: for clients that only start processes.

use crate::harness::{
    command::command, control, environment, ostia::Ostia, processes, talk::Talk, upstreams, wait,
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

fn bridge(data: &Path, key: &str, args: &[&str]) -> Talk {
    let mut bridge = command(environment::OSTIA);
    bridge
        .arg("stdio")
        .arg("--data-dir")
        .arg(data)
        .args(args)
        .env("OSTIA_API_KEY", key);
    Talk::start(bridge)
}

fn modern(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    params
}

async fn shake_hands(bridge: &mut Talk) {
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let answer = bridge.ask("hello", "initialize", hello).await;
    assert_eq!(answer["id"], "hello", "{answer}");
    assert_eq!(answer["result"]["serverInfo"]["name"], "ostia");
    bridge
        .send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
}

#[tokio::test]
async fn a_legacy_client_reaches_a_running_ostia() {
    let ostia = Ostia::start().await;
    let mut bridge = bridge(&ostia.data_dir(), &ostia.key, &[]);
    shake_hands(&mut bridge).await;
    let listed = bridge.ask(1, "tools/list", json!({})).await;
    assert_eq!(
        listed["result"]["tools"][0]["name"], "demo__echo",
        "{listed}"
    );
    let called = bridge
        .ask(
            2,
            "tools/call",
            json!({ "name": "demo__echo", "arguments": { "message": "héllo" } }),
        )
        .await;
    assert_eq!(called["result"]["content"][0]["text"], "héllo", "{called}");
    assert_eq!(bridge.hang_up().await, Some(0));
}

#[tokio::test]
async fn a_modern_client_reaches_one_upstream_under_its_own_names() {
    let ostia = Ostia::start().await;
    let mut bridge = bridge(&ostia.data_dir(), &ostia.key, &["--upstream", "demo"]);
    let found = bridge.ask(1, "server/discover", modern(json!({}))).await;
    assert_eq!(
        found["result"]["supportedVersions"],
        json!(["2026-07-28"]),
        "{found}"
    );
    let called = bridge
        .ask(
            2,
            "tools/call",
            modern(json!({ "name": "add", "arguments": { "a": 1, "b": 2 } })),
        )
        .await;
    assert_eq!(called["result"]["structuredContent"]["sum"], 3, "{called}");
}

#[tokio::test]
async fn progress_comes_before_the_answer_and_calls_do_not_wait_for_each_other() {
    let ostia = Ostia::start().await;
    let mut bridge = bridge(&ostia.data_dir(), &ostia.key, &[]);
    let mut slow = json!({ "name": "demo__slow", "arguments": { "seconds": 2 } });
    slow["_meta"]["progressToken"] = "mine".into();
    bridge.request("slow", "tools/call", modern(slow)).await;
    let first = bridge.next().await;
    assert_eq!(first["params"]["progressToken"], "mine", "{first}");
    let echo = json!({ "name": "demo__echo", "arguments": { "message": "quick" } });
    bridge.request("quick", "tools/call", modern(echo)).await;
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let line = bridge.next().await;
        ends.extend(line.get("id").cloned());
    }
    assert_eq!(ends, ["quick", "slow"]);
}

#[tokio::test]
async fn a_cancelled_modern_call_is_cancelled_at_its_upstream() {
    let ostia = Ostia::start().await;
    let mut bridge = bridge(&ostia.data_dir(), &ostia.key, &[]);
    let mut slow = json!({ "name": "demo__slow", "arguments": { "seconds": 60 } });
    slow["_meta"]["progressToken"] = 1.into();
    bridge.request(7, "tools/call", modern(slow)).await;
    bridge.next().await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": modern(json!({ "requestId": 7 })) });
    bridge.send(&cancel).await;
    let control = control::client(&ostia);
    wait::until(
        Duration::from_secs(10),
        "the call was cancelled",
        || async {
            let usage = control::usage(&control).await;
            let cancelled = usage.iter().any(|record| record.outcome == "cancelled");
            if cancelled { Ok(()) } else { Err(usage) }
        },
    )
    .await;
}

#[tokio::test]
async fn arguments_that_a_tool_wants_in_headers_are_put_there() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("odd", "odd.py", &[]).add(&control).await;
    let key = control::master_key(&control, "all").await;
    let mut bridge = bridge(&ostia.data_dir(), &key, &["--upstream", "odd"]);
    let arguments = json!({ "region": "süd", "at": { "shard": 7 } });
    let call = modern(json!({ "name": "repeated", "arguments": arguments }));
    let called = bridge.ask(1, "tools/call", call).await;
    assert_eq!(called["id"], 1);
    assert!(
        called["result"]["content"][0]["text"].is_string(),
        "{called}"
    );
}

#[tokio::test]
async fn without_a_running_ostia_the_data_folder_is_enough() {
    let mut ostia = Ostia::options().sqlite().start().await;
    let (data, key) = (ostia.data_dir(), ostia.key.clone());
    ostia.stop().await;
    let mut bridge = bridge(&data, &key, &[]);
    shake_hands(&mut bridge).await;
    let called = bridge
        .ask(
            1,
            "tools/call",
            json!({ "name": "demo.add", "arguments": { "a": 20, "b": 22 } }),
        )
        .await;
    assert_eq!(called["result"]["structuredContent"]["sum"], 42, "{called}");
    let family = processes::descendants(bridge.pid());
    assert!(!family.is_empty(), "there is a worker");
    assert_eq!(bridge.hang_up().await, Some(0));
    let left: Vec<_> = family
        .iter()
        .filter_map(|p| processes::read(p.pid))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    // What was called is written down, also by an Ostia that lived for one client.
    ostia.start_again().await;
    let usage = control::usage(&control::client(&ostia)).await;
    assert!(
        usage
            .iter()
            .any(|record| record.tool == "add" && record.outcome == "ok"),
        "{usage:#?}"
    );
}

#[tokio::test]
async fn a_refusal_carries_the_id_of_its_request() {
    let ostia = Ostia::start().await;
    let mut bridge = bridge(&ostia.data_dir(), "ost_live_nonsense", &[]);
    let refused = bridge.ask("mine", "tools/list", modern(json!({}))).await;
    assert_eq!(refused["id"], "mine");
    assert_eq!(
        refused["error"]["data"]["code"], "key-malformed",
        "{refused}"
    );
    bridge.line("this is no JSON").await;
    assert_eq!(bridge.next().await["error"]["code"], -32700);
}

#[tokio::test]
async fn an_ostia_that_is_gone_is_an_error_with_the_id_of_the_request() {
    let folder = super::folder();
    let url = "http://127.0.0.1:9/mcp";
    let mut bridge = bridge(folder.path(), "ost_live_any", &["--url", url]);
    let refused = bridge.ask(1, "tools/list", modern(json!({}))).await;
    assert_eq!(refused["id"], 1);
    assert_eq!(refused["error"]["code"], -31034, "{refused}");
}

#[tokio::test]
async fn without_a_key_it_says_where_to_put_one() {
    let folder = super::folder();
    let finished = super::ostia(folder.path(), &["stdio", "--json"]).await;
    assert_eq!(finished.code, super::USAGE);
    assert!(
        super::error(&finished)["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("OSTIA_API_KEY"))
    );
}
