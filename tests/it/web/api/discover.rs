//! An upstream that is listed anew.

use super::Api;
use crate::harness::{environment, upstreams};
use serde_json::{Value, json};

fn offer(tools: &[&str]) -> String {
    let tools = tools.iter();
    let tools = tools.map(|name| json!({"name": name, "inputSchema": {"type": "object"}}));
    json!([tools.collect::<Vec<_>>()]).to_string()
}

async fn tools(api: &Api) -> Vec<String> {
    let path = "/api/v1/upstreams/quiet/tools";
    let tools = api.get(path).await.ok(200)["items"].take();
    let Value::Array(tools) = tools else {
        panic!("{tools:#}");
    };
    let names = tools.iter().map(|tool| tool["name"].as_str());
    names.map(|name| name.expect("a name").to_owned()).collect()
}

/// One whose list is another without a word of it.
#[tokio::test]
async fn an_upstream_is_listed_anew_when_somebody_asks() {
    let api = Api::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tools.json");
    std::fs::write(&file, offer(&["one"])).expect("written");
    let lister = environment::repository().join("tests/peers/lister.py");
    let body = json!({
        "name": "quiet",
        "transport": "stdio",
        "program": upstreams::python(),
        "args": ["-B", lister, json!({"tools": file}).to_string()],
    });
    api.post("/api/v1/upstreams", body).await.ok(201);
    let path = "/api/v1/upstreams/quiet/discover";
    let found = api.post(path, json!({})).await.ok(200);
    assert_eq!(found["tools"], 1, "{found:#}");
    assert_eq!(tools(&api).await, ["one"]);

    std::fs::write(&file, offer(&["one", "two"])).expect("written");
    let found = api.post(path, json!({})).await.ok(200);
    assert_eq!(found["tools"], 2, "{found:#}");
    assert_eq!(tools(&api).await, ["one", "two"]);

    // What goes wrong is an answer, and what was known stays.
    std::fs::write(&file, "no JSON").expect("written");
    let found = api.post(path, json!({})).await.ok(200);
    assert!(found["problem"].is_string(), "{found:#}");
    assert_eq!(tools(&api).await, ["one", "two"]);

    std::fs::write(&file, offer(&[])).expect("written");
    let told = api.ostia.cli(&["upstreams", "discover", "quiet"]).await;
    assert_eq!(told.ok().json()["tools"], 0);
    assert_eq!(tools(&api).await, [""; 0]);
}
