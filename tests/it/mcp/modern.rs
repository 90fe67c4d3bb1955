//! The stateless era, end to end against the demo.

use super::documented::assert_refused;
use crate::harness::{
    mcp::{
        Endpoint,
        modern::{self, METHOD, NAME, PROTOCOL, VERSION},
    },
    ostia::Ostia,
};
use serde_json::{Value, json};

#[tokio::test]
async fn discover_list_call() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);

    let discovered = modern::request(&endpoint, 1, "server/discover", &json!({}))
        .send()
        .await;
    assert_eq!(discovered.header("mcp-session-id"), None);
    let discovered = discovered.result();
    let versions = discovered["supportedVersions"]
        .as_array()
        .expect("versions");
    assert!(versions.contains(&json!(VERSION)), "{discovered:#}");
    assert!(
        discovered["capabilities"]["tools"].is_object(),
        "{discovered:#}"
    );
    assert_eq!(
        discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "ostia"
    );
    assert_cacheable(&discovered);

    let list = modern::request(&endpoint, 2, "tools/list", &json!({}))
        .send()
        .await
        .result();
    assert_cacheable(&list);
    // What a key may see is its own affair: nobody between may keep it for another.
    assert_eq!(list["cacheScope"], "private");
    assert_eq!(
        modern::names(&list),
        ["demo__echo", "demo__add", "demo__now", "demo__slow"]
    );

    let answer = modern::call(&endpoint, "demo__echo", &json!({"message": "hello"}))
        .send()
        .await;
    assert_eq!(answer.first_text(), "hello");
    assert_eq!(answer.result()["resultType"], "complete");
}

fn assert_cacheable(result: &Value) {
    assert_eq!(result["resultType"], "complete", "{result:#}");
    assert!(result["ttlMs"].is_u64(), "{result:#}");
    assert!(
        matches!(result["cacheScope"].as_str(), Some("public" | "private")),
        "{result:#}"
    );
}

#[tokio::test]
async fn headers_and_body_must_agree() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let call = || modern::call(&endpoint, "demo__echo", &json!({"message": "x"}));
    let cases = [
        ("no version", call().without(PROTOCOL)),
        ("another version", call().header(PROTOCOL, "2025-11-25")),
        (
            "two versions",
            call().another_header(PROTOCOL, "2025-11-25"),
        ),
        ("no method", call().without(METHOD)),
        ("another method", call().header(METHOD, "tools/list")),
        (
            "the method in capitals",
            call().header(METHOD, "TOOLS/CALL"),
        ),
        ("two methods", call().another_header(METHOD, "tools/list")),
        ("no name", call().without(NAME)),
        ("another name", call().header(NAME, "demo__add")),
        ("the name in capitals", call().header(NAME, "DEMO__ECHO")),
        ("two names", call().another_header(NAME, "demo__add")),
        ("a broken sentinel", call().header(NAME, "=?base64?!!!?=")),
        (
            "another name, encoded",
            call().header(NAME, "=?base64?ZGVtb19fYWRk?="),
        ),
    ];
    for (case, exchange) in cases {
        let answer = exchange.send().await;
        println!("{case}");
        assert_refused(&answer, 400, -32020, "header-mismatch");
    }
}

#[tokio::test]
async fn a_name_may_come_encoded() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    // "demo__echo" in Base64.
    let exchange = modern::call(&endpoint, "demo__echo", &json!({"message": "x"}))
        .header(NAME, "=?base64?ZGVtb19fZWNobw==?=");
    assert_eq!(exchange.send().await.first_text(), "x");
}

#[tokio::test]
async fn what_the_stateless_era_demands_of_params() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let list = |meta: Value| modern::request(&endpoint, 1, "tools/list", &json!({"_meta": meta}));

    // The header says that it is this era; the body has nothing of it.
    assert_refused(&list(json!({})).send().await, 400, -32602, "invalid-params");
    let mut without_capabilities = modern::meta();
    without_capabilities
        .as_object_mut()
        .expect("an object")
        .remove("io.modelcontextprotocol/clientCapabilities");
    assert_refused(
        &list(without_capabilities).send().await,
        400,
        -32602,
        "invalid-params",
    );

    // Who the client is would be nice to know.
    let mut without_info = modern::meta();
    without_info
        .as_object_mut()
        .expect("an object")
        .remove("io.modelcontextprotocol/clientInfo");
    assert_eq!(list(without_info).send().await.status, 200);
}

#[tokio::test]
async fn an_unknown_version_is_told_the_known_ones() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let mut meta = modern::meta();
    meta["io.modelcontextprotocol/protocolVersion"] = json!("2031-01-01");
    let exchange = modern::request(&endpoint, 1, "tools/list", &json!({"_meta": meta}))
        .header(PROTOCOL, "2031-01-01");
    let answer = exchange.send().await;
    assert_refused(&answer, 400, -32022, "unsupported-version");
    let data = &answer.json()["error"]["data"];
    assert_eq!(data["requested"], "2031-01-01");
    assert!(
        data["supported"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(VERSION))),
        "{data:#}"
    );
}

#[tokio::test]
async fn methods_of_the_other_era_are_gone() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "no/such/method",
    ] {
        let answer = modern::request(&endpoint, 1, method, &json!({}))
            .send()
            .await;
        println!("{method}");
        assert_refused(&answer, 404, -32601, "method-not-found");
    }
}

#[tokio::test]
async fn a_stray_session_id_is_ignored() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let exchange = modern::call(&endpoint, "demo__echo", &json!({"message": "x"}));
    let answer = exchange
        .header("mcp-session-id", "whatever")
        .header("last-event-id", "7")
        .send()
        .await;
    assert_eq!(answer.first_text(), "x");
}

#[tokio::test]
async fn a_notification_is_taken() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let body = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"_meta": modern::meta()}});
    let exchange = endpoint
        .post(body.to_string())
        .header(PROTOCOL, VERSION)
        .header(METHOD, "notifications/progress");
    let answer = exchange.send().await;
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
}
