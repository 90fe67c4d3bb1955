//! A legacy client that lost its stream picks it up, and one of 2024-11-05 has one stream for everything.

use crate::harness::{
    mcp::{Endpoint, Events, legacy, legacy::Session},
    ostia::Ostia,
};
use futures_util::StreamExt as _;
use serde_json::json;

/// Reads until the first event with progress in it, and says what its id was.
async fn id_of_the_first_progress(response: reqwest::Response) -> String {
    let mut body = response.bytes_stream();
    let mut text = String::new();
    loop {
        let chunk = body.next().await.expect("a chunk").expect("a chunk");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        let progress = text
            .split("\n\n")
            .find(|event| event.contains("notifications/progress"));
        if let Some(event) = progress {
            let id = event.lines().find_map(|line| line.strip_prefix("id: "));
            return id.expect("an id").to_owned();
        }
    }
}

#[tokio::test]
async fn a_call_whose_stream_was_lost_is_picked_up() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&endpoint).await;
    let params = json!({
        "name": "demo__slow", "arguments": {"seconds": 2}, "_meta": {"progressToken": "p"},
    });
    let call = session.post(legacy::request("slow", "tools/call", &params));
    let last = id_of_the_first_progress(call.begin().await).await;

    // Whoever has no right to it gets a stream of their own instead, on which nothing of it is.
    let rest = session
        .listen()
        .header("last-event-id", &*last)
        .begin()
        .await;
    let mut events = Events::new(rest);
    let answer = loop {
        let event = events.next().await.expect("the rest");
        if event.get("result").is_some() {
            break event;
        }
        assert_eq!(event["method"], "notifications/progress", "{event:#}");
    };
    assert_eq!(answer["id"], "slow");
    assert_eq!(events.next().await, None, "nothing follows the answer");
}

/// The next event of an old stream: its name and its data.
pub(crate) async fn event(
    body: &mut futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: &mut String,
) -> (String, String) {
    loop {
        if let Some(end) = text.find("\n\n") {
            let event: String = text.drain(..end + 2).collect();
            let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                return (name.to_owned(), data.to_owned());
            }
            continue;
        }
        let chunk = body.next().await.expect("a chunk").expect("a chunk");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
}

#[tokio::test]
async fn one_stream_and_an_address_serve_the_oldest_clients() {
    let ostia = Ostia::start().await;
    let base = ostia.mcp_url.trim_end_matches("/mcp").to_owned();
    let open = Endpoint::new(&format!("{base}/sse"), &ostia.key);
    let stream = open.request(reqwest::Method::GET).begin().await;
    let (mut body, mut text) = (stream.bytes_stream().boxed(), String::new());
    let (name, target) = event(&mut body, &mut text).await;
    assert_eq!(name, "endpoint");
    let messages = Endpoint::new(&format!("{base}{target}"), &ostia.key);

    let sent = messages.post(legacy::initialize("2024-11-05")).send().await;
    assert_eq!(sent.status, 202, "{sent:?}");
    let (_, initialized) = event(&mut body, &mut text).await;
    assert!(
        initialized.contains(r#""protocolVersion":"2024-11-05""#),
        "{initialized}"
    );
    let params = json!({"name": "demo__echo", "arguments": {"message": "hello"}});
    let call = legacy::request(9, "tools/call", &params);
    assert_eq!(messages.post(call.clone()).send().await.status, 202);
    let (name, answer) = event(&mut body, &mut text).await;
    assert_eq!(name, "message");
    assert!(
        answer.contains("hello") && answer.contains(r#""id":9"#),
        "{answer}"
    );

    // An answer that comes too late is no reason to give up the connection.
    let late = r#"{"jsonrpc":"2.0","id":"gone","result":{}}"#;
    assert_eq!(messages.post(late).send().await.status, 202);

    // The address is no credential.
    let stolen = Endpoint::anonymous(&format!("{base}{target}"));
    assert_eq!(stolen.post(call).send().await.status, 401);
}
