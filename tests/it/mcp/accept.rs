//! Clients say what they can read, wrongly more often than not; all of them get an answer they can use.

use crate::harness::{
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
};
use serde_json::json;

#[tokio::test]
async fn an_answer_comes_in_a_type_that_was_listed() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    let legacy = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "demo__echo", "arguments": {"message": "x"}}});
    let call = || {
        [
            modern::call(&endpoint, "demo__echo", &json!({"message": "x"})),
            session.post(legacy.to_string()),
        ]
    };
    for accept in [
        Some("application/json"),
        Some("*/*"),
        Some("application/*"),
        Some("application/json, text/event-stream"),
        None,
    ] {
        for exchange in call() {
            let exchange = exchange.without("accept");
            let exchange = match accept {
                Some(types) => exchange.header("accept", types),
                None => exchange,
            };
            let answer = exchange.send().await;
            assert_eq!(answer.first_text(), "x", "accept: {accept:?}");
        }
    }
    for exchange in call() {
        let answer = exchange.header("accept", "text/event-stream").send().await;
        assert!(answer.is_stream(), "only a stream was listed: {answer:?}");
        assert_eq!(answer.first_text(), "x");
    }
}
