//! HTTP+SSE: what a client says arrives at another edge than its stream.

use super::edges::Edges;
use crate::{
    harness::{
        guarded::Guarded,
        mcp::{Endpoint, legacy},
    },
    mcp::resumption::event,
};
use futures_util::StreamExt as _;
use serde_json::json;

#[tokio::test]
async fn a_message_finds_its_stream_from_whatever_edge_it_arrives_at() {
    let http = Guarded::start().await;
    let mut edges = Edges::start_together(&http).await;
    let [here, there] = edges.addresses();
    let key = edges.key().to_owned();
    let open = Endpoint::new(&format!("{here}/sse"), &key);
    let stream = open.request(reqwest::Method::GET).begin().await;
    let (mut body, mut text) = (stream.bytes_stream().boxed(), String::new());
    let (_, target) = event(&mut body, &mut text).await;
    let messages = Endpoint::new(&format!("{there}{target}"), &key);

    let initialize = legacy::initialize("2024-11-05");
    let sent = messages.post(initialize).send().await;
    assert_eq!(sent.status, 202, "{sent:?}");
    let (_, initialized) = event(&mut body, &mut text).await;
    assert!(initialized.contains("2024-11-05"), "{initialized}");
    // One worker for the session, wherever it is asked from.
    let params = json!({"name": "own__pid", "arguments": {}});
    let mut workers = Vec::new();
    for (id, edge) in [&there, &here, &there].into_iter().enumerate() {
        let messages = Endpoint::new(&format!("{edge}{target}"), &key);
        let call = legacy::request(id, "tools/call", &params);
        let sent = messages.post(call).send().await;
        assert_eq!(sent.status, 202, "{sent:?}");
        let (_, answer) = event(&mut body, &mut text).await;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["id"], id, "{answer:#}");
        workers.push(answer["result"]["content"][0]["text"].clone());
    }
    assert!(workers[0].is_string(), "{workers:?}");
    assert!(workers.iter().all(|worker| *worker == workers[0]));

    // The address is no credential, and names nothing for another key.
    let address = format!("{there}{target}");
    let stolen = Endpoint::anonymous(&address);
    let call = || legacy::request(9, "tools/call", &params);
    assert_eq!(stolen.post(call()).send().await.status, 401);
    let stranger = edges.stranger().await;
    let stolen = Endpoint::new(&address, &stranger).post(call()).send().await;
    assert_eq!(
        stolen.refusal(),
        (404, -31008, "session-unknown".to_owned())
    );

    edges.kill_the_first().await;
    let gone = messages.post(call()).send().await;
    assert_eq!(gone.refusal(), (404, -31008, "session-unknown".to_owned()));
}
