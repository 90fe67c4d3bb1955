//! Every request that is refused before it becomes a call, with the answer its page promises.

use super::documented::assert_refused;
use crate::harness::{
    mcp::{
        Endpoint, Exchange,
        legacy::{self, SESSION, Session},
        modern,
    },
    ostia::Ostia,
};
use reqwest::Method;
use serde_json::json;

fn list(endpoint: &Endpoint) -> Exchange {
    modern::request(endpoint, 1, "tools/list", &json!({}))
}

#[tokio::test]
async fn origins_and_hosts() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "file://",
    ] {
        let answer = list(&endpoint).header("origin", origin).send().await;
        assert_refused(&answer, 403, -31003, "origin-forbidden");
    }
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8080",
    ] {
        let answer = list(&endpoint).header("host", host).send().await;
        assert_refused(&answer, 403, -31003, "host-forbidden");
    }
    let own = ostia.mcp_url.trim_end_matches("/mcp");
    assert_eq!(
        list(&endpoint).header("origin", own).send().await.status,
        200
    );
    assert_eq!(
        list(&endpoint)
            .header("host", "localhost")
            .send()
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn hosts_and_origins_that_were_allowed() {
    let options = Ostia::options()
        .arg("--allowed-host")
        .arg("mcp.example.com");
    let ostia = options
        .arg("--allowed-origin")
        .arg("https://app.example.com")
        .start()
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let exchange = list(&endpoint)
        .header("host", "mcp.example.com")
        .header("origin", "https://app.example.com");
    assert_eq!(exchange.send().await.status, 200);
    let other_scheme = list(&endpoint)
        .header("origin", "http://app.example.com")
        .send()
        .await;
    assert_refused(&other_scheme, 403, -31003, "origin-forbidden");
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    let bodies = [
        &b""[..],
        b"{",
        b"nonsense",
        b"{\"a\":1}{\"b\":2}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x",
        b"\"\xff\"",
        b"{'a':1}",
    ];
    for body in bodies {
        println!("{}", String::from_utf8_lossy(body));
        assert_refused(
            &session.post(body).send().await,
            400,
            -32700,
            "invalid-json",
        );
        assert_refused(
            &endpoint.post(body).send().await,
            400,
            -32700,
            "invalid-json",
        );
    }
    let bodies = [
        // A batch: part of one old version, gone since.
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        "[]",
        "1",
        "null",
        r#""text""#,
        "{}",
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    ];
    for body in bodies {
        println!("{body}");
        assert_refused(
            &session.post(body).send().await,
            400,
            -32600,
            "invalid-request",
        );
    }
}

/// Two readers of one body must not find two names in it.
#[tokio::test]
async fn a_name_given_twice_is_no_name() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"demo__echo","name":"demo__add","arguments":{}}}"#;
    let answer = session.post(body).send().await;
    assert!(answer.json().get("result").is_none(), "{answer:?}");
    let (_, number, _) = answer.refusal();
    assert!([-32600, -32602].contains(&number), "{answer:?}");
}

#[tokio::test]
async fn a_body_beyond_the_limit() {
    let ostia = Ostia::options()
        .arg("--max-body-bytes")
        .arg("100000")
        .start()
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let call = |length: usize| {
        modern::call(
            &endpoint,
            "demo__echo",
            &json!({"message": "x".repeat(length)}),
        )
    };
    assert_eq!(call(90_000).send().await.first_text().len(), 90_000);
    assert_refused(&call(100_001).send().await, 413, -31004, "body-too-large");
}

#[tokio::test]
async fn sessions_that_are_none() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let body = || legacy::request(1, "tools/list", &json!({}));
    assert_refused(
        &endpoint.post(body()).send().await,
        400,
        -31007,
        "session-missing",
    );
    let session = Session::open(&endpoint).await;
    let mut tampered = session.id.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).expect("ASCII");
    for id in ["unknown", "00000000-0000-0000-0000-000000000000", &tampered] {
        assert_refused(
            &endpoint.post(body()).header(SESSION, id).send().await,
            404,
            -31008,
            "session-unknown",
        );
    }
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    assert_refused(
        &session.request(1, "no/such", &json!({})).await,
        200,
        -32601,
        "method-not-found",
    );
    for method in [Method::GET, Method::PUT, Method::PATCH] {
        let answer = endpoint.request(method).send().await;
        assert_refused(&answer, 405, -31006, "http-method-not-allowed");
        assert!(
            answer
                .header("allow")
                .is_some_and(|allow| allow.contains("POST")),
            "{answer:?}"
        );
    }
    // Clients look here before they use a key that they have; a page would confuse them.
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server/mcp",
        "/nothing",
    ] {
        let answer = endpoint.request(Method::GET).path(path).send().await;
        assert_refused(&answer, 404, -31005, "not-found");
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    for params in [json!({}), json!({"name": 7}), json!({"name": null})] {
        let answer = session.request(1, "tools/call", &params).await;
        assert_refused(&answer, 200, -32602, "invalid-params");
    }
}
