//! Progress reaches the caller while the call runs.

use crate::harness::{
    mcp::{Endpoint, Events, Exchange, legacy, legacy::Session, modern},
    ostia::Ostia,
};
use serde_json::{Value, json};

/// Checks that progress came, under the caller's token, before the answer did.
async fn assert_progress(exchange: Exchange, token: &Value) {
    let response = exchange.begin().await;
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(
        content_type.starts_with("text/event-stream"),
        "{content_type}"
    );
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut events = Events::new(response);
    let mut progress = 0;
    loop {
        let event = events
            .next()
            .await
            .expect("the answer comes before the end of the stream");
        if event["method"] == "notifications/progress" {
            assert_eq!(event["params"]["progressToken"], *token, "{event:#}");
            progress += 1;
            continue;
        }
        assert_eq!(event["id"], "slow");
        assert!(event["result"]["content"].is_array(), "{event:#}");
        break;
    }
    assert!(progress >= 1, "no progress before the answer");
    assert_eq!(events.next().await, None, "nothing follows the answer");
}

#[tokio::test]
async fn progress_comes_before_the_answer() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    // Tokens are strings or numbers, and two callers may choose the same.
    for token in [json!("token \u{e9}"), json!(1)] {
        let params = json!({"name": "demo__slow", "arguments": {"seconds": 1}, "_meta": {"progressToken": token}});
        let legacy = session.post(legacy::request("slow", "tools/call", &params));
        let mut meta = modern::meta();
        meta["progressToken"] = token.clone();
        let params = json!({"name": "demo__slow", "arguments": {"seconds": 1}, "_meta": meta});
        let modern = modern::request(&endpoint, "slow", "tools/call", &params);
        tokio::join!(
            assert_progress(legacy, &token),
            assert_progress(modern, &token)
        );
    }
}

/// Who asked for no progress gets none.
#[tokio::test]
async fn without_a_token_there_is_only_the_answer() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let answer = modern::call(&endpoint, "demo__slow", &json!({"seconds": 1}))
        .send()
        .await;
    assert_eq!(answer.messages().len(), 1, "{answer:?}");
    answer.result();
}
