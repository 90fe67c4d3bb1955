//! R15: an edge dies, and its clients go to another one.

use crate::harness::{
    control::{self, Control},
    guarded::Guarded,
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::{Options, Ostia},
    processes,
    split::{Split, another_edge},
    upstreams::{self, Definition},
    wait,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

pub(super) const SOON: Duration = Duration::from_secs(20);

/// Two edges that are one endpoint to clients.
pub(super) struct Edges {
    split: Split,
    other: Ostia,
    key: String,
}

impl Edges {
    /// Which do not reach each other.
    async fn start(http: &Arc<Guarded>) -> Self {
        let keys = STANDARD.encode([7; 32]);
        let edge = || -> Options { Ostia::options().env("OSTIA_SESSION_KEYS", keys.clone()) };
        let split = Split::start_with(Ostia::options(), edge()).await;
        let other = another_edge(&split.control, edge()).await;
        Self::with_upstreams(split, other, http).await
    }

    /// Which forward to each other.
    pub(super) async fn start_together(http: &Arc<Guarded>) -> Self {
        let keys = STANDARD.encode([7; 32]);
        let edge = |port: u16| {
            Ostia::options()
                .env("OSTIA_SESSION_KEYS", keys.clone())
                .mcp_listen(port)
                .arg("--advertise-url")
                .arg(format!("http://127.0.0.1:{port}"))
        };
        let split = Split::start_with(Ostia::options(), edge(free_port())).await;
        // Only this one is behind a proxy that it believes.
        let second = edge(free_port()).arg("--trusted-proxy").arg("127.0.0.0/8");
        let other = another_edge(&split.control, second).await;
        Self::with_upstreams(split, other, http).await
    }

    /// One over HTTP, one that keeps something for each session, and one that asks its client.
    async fn with_upstreams(split: Split, other: Ostia, http: &Arc<Guarded>) -> Self {
        let services = split.services();
        http.takes("Bearer it");
        upstreams::http("http", &http.url())
            .credential("Authorization", "Bearer it")
            .add(&services)
            .await;
        upstreams::script("own", "faulty.py", &["slow"])
            .isolation(v1::Isolation::Session)
            .pool(8, 8, 8)
            .add(&services)
            .await;
        upstreams::fixture("asks", "legacy").add(&services).await;
        let key = control::master_key(&services, "all").await;
        control::between(&split.control, &other).settled().await;
        Self { split, other, key }
    }

    pub(super) fn services(&self) -> Control {
        self.split.services()
    }

    /// One more, which both edges know.
    pub(super) async fn add(&self, upstream: Definition) {
        upstream.add(&self.services()).await;
        for edge in [&self.split.edge, &self.other] {
            control::between(&self.split.control, edge).settled().await;
        }
    }

    pub(super) async fn kill_the_first(&mut self) {
        self.split.edge.kill9().await;
    }

    pub(super) async fn start_the_first_again(&mut self) {
        self.split.edge.start_again().await;
    }

    /// Where each is reached, without a path.
    pub(super) fn addresses(&self) -> [String; 2] {
        let of = |edge: &Ostia| edge.mcp_url.trim_end_matches("/mcp").to_owned();
        [of(&self.split.edge), of(&self.other)]
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The key of somebody else, who may do as much.
    pub(super) async fn stranger(&self) -> String {
        let key = control::master_key(&self.services(), "stranger").await;
        control::between(&self.split.control, &self.other)
            .settled()
            .await;
        key
    }

    pub(super) fn first(&self) -> Endpoint {
        Endpoint::new(&self.split.edge.mcp_url, &self.key)
    }

    pub(super) fn second(&self) -> Endpoint {
        Endpoint::new(&self.other.mcp_url, &self.key)
    }
}

/// Below those that the system gives out by itself, so that nobody takes it before its edge does.
fn free_port() -> u16 {
    loop {
        let [first, second, ..] = Uuid::new_v4().into_bytes();
        let port = 10_000 + u16::from_be_bytes([first, second]) % 5_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The process that answers a session.
pub(super) async fn pid(session: &Session) -> u32 {
    let answer = session.call("own__pid", &json!({})).await;
    answer.first_text().parse().expect("a number")
}

pub(super) fn at(session: &Session, endpoint: Endpoint) -> Session {
    Session {
        endpoint,
        ..session.clone()
    }
}

#[tokio::test]
async fn a_session_goes_on_at_another_edge_but_for_a_worker_of_its_own() {
    let http = Guarded::start().await;
    let mut edges = Edges::start(&http).await;
    let session = Session::open(&edges.first()).await;
    let who = session.call("http__who", &json!({})).await;
    assert_eq!(who.first_text(), "Bearer it");
    let before = pid(&session).await;
    assert_eq!(pid(&session).await, before);

    edges.split.edge.kill9().await;
    let moved = at(&session, edges.second());
    let who = moved.call("http__who", &json!({})).await;
    assert_eq!(who.first_text(), "Bearer it");
    let lost = moved.call("own__pid", &json!({})).await;
    assert_eq!(lost.refusal(), (404, -31008, "session-unknown".to_owned()));
    let gone = wait::until(SOON, "the worker went with its edge", || async {
        processes::read(before).map_or(Ok(()), Err)
    });
    gone.await;

    // As the protocol says for 404.
    let opened = Session::open(&edges.second()).await;
    let after = pid(&opened).await;
    assert_ne!(after, before);
    assert_eq!(pid(&opened).await, after);

    // An edge that was restarted is another one.
    edges.other.restart().await;
    let known = wait::until(SOON, "the edge serves again", || async {
        let answer = opened.call("http__who", &json!({})).await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    assert_eq!(known.await.0.first_text(), "Bearer it");
    let lost = opened.call("own__pid", &json!({})).await;
    assert_eq!(lost.refusal(), (404, -31008, "session-unknown".to_owned()));
}

/// A modern call, with more members in its params.
pub(super) async fn ask(endpoint: &Endpoint, more: Value) -> Answer {
    let mut params = json!({
        "name": "asks__test_elicitation",
        "arguments": {"message": "who?"},
        "_meta": modern::meta_as(&json!({"elicitation": {"form": {}}})),
    });
    for (name, value) in more.as_object().expect("members") {
        params[name] = value.clone();
    }
    let call = modern::request(endpoint, 1, "tools/call", &params);
    call.send().await
}

/// What to send again: the answer to what was asked, and the state.
pub(super) fn answered(asked: &Value) -> Value {
    let questions = asked["inputRequests"].as_object().expect("questions");
    let name = questions.keys().next().expect("a question");
    let content = json!({"username": "ann", "email": "a@b.c"});
    json!({
        "inputResponses": {name: {"action": "accept", "content": content}},
        "requestState": asked["requestState"],
    })
}

/// The call waited on a worker of the edge that died.
#[tokio::test]
async fn a_call_that_waited_at_an_edge_that_died_is_made_anew_at_another() {
    let http = Guarded::start().await;
    let mut edges = Edges::start(&http).await;
    let asked = ask(&edges.first(), json!({})).await.result();
    edges.split.edge.kill9().await;

    let second = edges.second();
    let lost = ask(&second, answered(&asked)).await;
    let code = "request-state-invalid".to_owned();
    assert_eq!(lost.refusal(), (400, -32602, code));
    let asked = ask(&second, json!({})).await.result();
    let text = ask(&second, answered(&asked)).await.first_text();
    assert!(text.contains("ann"), "{text}");
}
