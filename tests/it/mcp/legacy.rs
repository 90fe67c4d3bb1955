//! The era with a handshake, end to end against the demo.

use crate::harness::{
    mcp::{
        Endpoint,
        legacy::{self, SESSION, Session},
    },
    ostia::Ostia,
};
use serde_json::json;

#[tokio::test]
async fn a_session_from_its_start_to_its_end() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    assert_eq!(session.initialized["protocolVersion"], legacy::VERSION);
    assert!(
        session.initialized["capabilities"]["tools"].is_object(),
        "{:#}",
        session.initialized
    );
    assert_eq!(session.initialized["serverInfo"]["name"], "ostia");

    let ping = session.request("p", "ping", &json!({})).await;
    assert_eq!(
        (ping.status, ping.json()),
        (200, json!({"jsonrpc": "2.0", "id": "p", "result": {}}))
    );

    assert_eq!(
        session.tools().await,
        ["demo__echo", "demo__add", "demo__now", "demo__slow"]
    );
    let answer = session
        .call("demo__echo", &json!({"message": "hello"}))
        .await;
    assert_eq!(
        (answer.status, answer.first_text().as_str()),
        (200, "hello")
    );
    let sum = session
        .call("demo__add", &json!({"a": 2, "b": 40}))
        .await
        .result();
    assert!(
        sum["structuredContent"]
            .as_object()
            .is_some_and(|o| o.values().any(|v| *v == json!(42))),
        "{sum:#}"
    );

    assert_eq!(session.delete().await.status, 200);
}

#[tokio::test]
async fn versions_are_negotiated() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let cases = [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        // Offered by handshake, which the stateless era does not have.
        ("2026-07-28", "2025-11-25"),
        ("2031-01-01", "2025-11-25"),
        ("nonsense", "2025-11-25"),
    ];
    for (asked, answered) in cases {
        let answer = endpoint.post(legacy::initialize(asked)).send().await;
        assert_eq!(
            answer.result()["protocolVersion"],
            answered,
            "asked for {asked}"
        );
        assert!(answer.header(SESSION).is_some(), "asked for {asked}");
    }
}

#[tokio::test]
async fn either_spelling_of_a_tool_is_called() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    for name in ["demo__echo", "demo.echo"] {
        assert_eq!(
            session
                .call(name, &json!({"message": name}))
                .await
                .first_text(),
            name
        );
    }
}

#[tokio::test]
async fn notifications_are_taken_and_not_answered() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    for method in [
        "notifications/initialized",
        "notifications/cancelled",
        "notifications/of-tomorrow",
    ] {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": {"requestId": "none"}});
        let answer = session.post(body.to_string()).send().await;
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{method}");
    }
}

#[tokio::test]
async fn initialize_is_accepted_with_a_stale_session_id() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let answer = endpoint
        .post(legacy::initialize(legacy::VERSION))
        .header(SESSION, "stale")
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_ne!(answer.header(SESSION).expect("a session"), "stale");
}

/// The other way to present a key.
#[tokio::test]
async fn the_key_may_come_in_x_api_key() {
    let ostia = Ostia::start().await;
    let anonymous = Endpoint::anonymous(&ostia.mcp_url);
    let answer = anonymous
        .post(legacy::initialize(legacy::VERSION))
        .header("x-api-key", ostia.key.as_str())
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
