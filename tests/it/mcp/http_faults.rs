//! Upstreams over HTTP that break off, refuse, redirect, say too much or nothing at all: what the caller
//! hears, what is sent once more, and what is not.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, Events, modern},
    ostia::Ostia,
    upstreams, wait,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
    serve::ListenerExt as _,
};
use futures_util::{StreamExt as _, future::join_all, stream};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::{CancellationToken, DropGuard};

const SOON: Duration = Duration::from_secs(20);
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const EVENTS: [(&str, &str); 1] = [("content-type", "text/event-stream")];

/// What happens to one request.
pub(crate) enum Fault {
    /// The body breaks off before it says anything.
    Cut,
    /// The stream breaks off after a notification, when its reader says so.
    CutInTheMiddle(CancellationToken),
    Status(u16),
    /// An error of its own, in the words of an Ostia before it.
    Busy,
    /// There is no answer.
    Silence,
    Redirect(String),
    /// An event that does not end, until its reader has enough.
    Endless(DropGuard),
}

/// A modern server with a task and three tools, which does what it is told to requests of a method.
#[derive(Default)]
pub(crate) struct Server {
    faults: Mutex<HashMap<String, VecDeque<Fault>>>,
    seen: Mutex<Vec<(String, HeaderMap, Value)>>,
    accepted: AtomicUsize,
}

async fn serve(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let method = message["method"].as_str().unwrap_or_default().to_owned();
    let seen = (method.clone(), headers, message.clone());
    server.seen.lock().expect("a list").push(seen);
    let fault = {
        let mut faults = server.faults.lock().expect("faults");
        faults.get_mut(&method).and_then(VecDeque::pop_front)
    };
    match fault {
        Some(fault) => fault.befall(&message).await,
        None => answer(&method, &message),
    }
}

fn answer(method: &str, message: &Value) -> Response {
    let tool = |name: &str, annotations: Value| json!({"name": name, "inputSchema": {"type": "object"}, "annotations": annotations});
    let result = match method {
        "server/discover" => json!({
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
        }),
        "tools/list" => json!({"tools": [
            tool("read", json!({"readOnlyHint": true})),
            tool("again", json!({"idempotentHint": true})),
            tool("write", json!({})),
        ]}),
        "tools/call" if message["params"]["arguments"]["task"] == true => {
            json!({"resultType": "task", "taskId": "own-1", "status": "working"})
        }
        "tasks/get" => json!({"taskId": message["params"]["taskId"], "status": "working"}),
        _ => json!({"content": [{"type": "text", "text": "done"}]}),
    };
    let mut result = result;
    if result.get("resultType").is_none() {
        result["resultType"] = "complete".into();
    }
    let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
    (JSON, answer.to_string()).into_response()
}

impl Fault {
    async fn befall(self, message: &Value) -> Response {
        let broken = || Err(io::Error::other("as it was told to"));
        match self {
            Self::Cut => (
                JSON,
                Body::from_stream(stream::iter([broken() as io::Result<Bytes>])),
            )
                .into_response(),
            Self::CutInTheMiddle(cut) => {
                let params = json!({
                    "progressToken": message["params"]["_meta"]["progressToken"], "progress": 1
                });
                let said = json!({
                    "jsonrpc": "2.0", "method": "notifications/progress", "params": params
                });
                let said = Bytes::from(format!("data: {said}\n\n"));
                let end = stream::once(async move {
                    cut.cancelled().await;
                    broken()
                });
                let body = stream::iter([Ok(said)]).chain(end);
                (EVENTS, Body::from_stream(body)).into_response()
            }
            Self::Status(status) => StatusCode::from_u16(status)
                .expect("a status")
                .into_response(),
            Self::Busy => {
                let data = json!({"code": "upstream-busy", "requestId": "its own"});
                let error = json!({"code": -31030, "message": "busy", "data": data});
                let answer = json!({"jsonrpc": "2.0", "id": message["id"], "error": error});
                (JSON, answer.to_string()).into_response()
            }
            Self::Silence => std::future::pending().await,
            Self::Redirect(to) => {
                (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response()
            }
            Self::Endless(guard) => {
                let start = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"data: "))]);
                let piece = Bytes::from(vec![b'x'; 1 << 20]);
                let rest = stream::repeat_with(move || {
                    let _ = &guard;
                    Ok(piece.clone())
                });
                (EVENTS, Body::from_stream(start.chain(rest))).into_response()
            }
        }
    }
}

impl Server {
    /// Starts one on a free port; gives its address as well.
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(crate) async fn start() -> (Arc<Self>, String) {
        let server = Arc::new(Self::default());
        let router = Router::new().route("/mcp", post(serve));
        let router = router.with_state(Arc::clone(&server));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let counting = Arc::clone(&server);
        let listener = listener.tap_io(move |_| {
            counting.accepted.fetch_add(1, Ordering::Relaxed);
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, format!("http://{address}/mcp"))
    }

    /// The next requests of this method meet these, one after another.
    pub(crate) fn fault(&self, method: &str, faults: impl IntoIterator<Item = Fault>) {
        let mut all = self.faults.lock().expect("faults");
        all.entry(method.to_owned()).or_default().extend(faults);
    }

    pub(crate) fn count(&self, method: &str) -> usize {
        let seen = self.seen.lock().expect("a list");
        seen.iter().filter(|(seen, ..)| seen == method).count()
    }

    fn last(&self, method: &str) -> (HeaderMap, Value) {
        let seen = self.seen.lock().expect("a list");
        let last = seen.iter().rev().find(|(seen, ..)| seen == method);
        let (_, headers, message) = last.unwrap_or_else(|| panic!("no {method} came"));
        (headers.clone(), message.clone())
    }
}

/// Ostia in front of such a server.
struct Running {
    _ostia: Ostia,
    control: control::Control,
    server: Arc<Server>,
    endpoint: Endpoint,
}

impl Running {
    async fn start() -> Self {
        let (server, url) = Server::start().await;
        Self::with(server, upstreams::http("own", &url)).await
    }

    async fn with(server: Arc<Server>, upstream: upstreams::Definition) -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstream.add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        Self {
            _ostia: ostia,
            control,
            server,
            endpoint,
        }
    }

    async fn call(&self, tool: &str) -> Answer {
        let tool = format!("own__{tool}");
        modern::call(&self.endpoint, &tool, &json!({})).send().await
    }
}

/// R12: what may be done twice is done once more, and nothing else is.
#[tokio::test]
async fn a_call_that_broke_on_its_way_is_repeated_where_it_may_be() {
    let running = Running::start().await;
    let server = &running.server;
    for tool in ["read", "again"] {
        let before = server.count("tools/call");
        server.fault("tools/call", [Fault::Cut]);
        assert_eq!(running.call(tool).await.first_text(), "done", "{tool}");
        assert_eq!(server.count("tools/call") - before, 2, "{tool}");
    }
    // Once more is once.
    let before = server.count("tools/call");
    server.fault("tools/call", [Fault::Cut, Fault::Cut]);
    assert_refused(&running.call("read").await, 200, -31032, "worker-lost");
    assert_eq!(server.count("tools/call") - before, 2);

    let before = server.count("tools/call");
    server.fault("tools/call", [Fault::Cut]);
    assert_refused(&running.call("write").await, 200, -31032, "worker-lost");
    assert_eq!(server.count("tools/call") - before, 1);
    assert_eq!(running.call("write").await.first_text(), "done");
}

/// Whoever has read a part of the answer does not read it twice.
#[tokio::test]
async fn a_stream_that_is_cut_in_the_middle_ends_its_call() {
    let running = Running::start().await;
    let server = &running.server;
    for tool in ["read", "write"] {
        let before = server.count("tools/call");
        let cut = CancellationToken::new();
        server.fault("tools/call", [Fault::CutInTheMiddle(cut.clone())]);
        let mut meta = modern::meta();
        meta["progressToken"] = "p".into();
        let params = json!({"name": format!("own__{tool}"), "arguments": {}, "_meta": meta});
        let call = modern::request(&running.endpoint, 1, "tools/call", &params);
        let mut events = Events::new(call.begin().await);
        let said = events.next().await.expect("progress");
        assert_eq!(said["params"]["progressToken"], "p", "{said:#}");
        cut.cancel();
        let end = events.next().await.expect("an end");
        assert_eq!(end["error"]["data"]["code"], "worker-lost", "{end:#}");
        assert_eq!(server.count("tools/call") - before, 1, "{tool}");
        assert_eq!(running.call(tool).await.first_text(), "done");
    }
}

#[tokio::test]
async fn an_event_without_end_fails_its_call_and_is_not_read_on() {
    let running = Running::start().await;
    let dropped = CancellationToken::new();
    let endless = Fault::Endless(dropped.clone().drop_guard());
    running.server.fault("tools/call", [endless]);
    let answer = running.call("read").await;
    assert_refused(&answer, 200, -31037, "upstream-invalid");
    let ended = tokio::time::timeout(SOON, dropped.cancelled()).await;
    ended.expect("the connection is dropped");
    assert_eq!(running.call("read").await.first_text(), "done");
}

/// Neither a call nor a credential follows to somewhere else.
#[tokio::test]
async fn a_redirect_is_refused() {
    let (elsewhere, other) = Server::start().await;
    let (server, url) = Server::start().await;
    let upstream = upstreams::http("own", &url).credential("Authorization", "Bearer s3cret");
    let running = Running::with(server, upstream).await;
    let server = &running.server;
    server.fault("tools/call", [Fault::Redirect(other)]);
    let answer = running.call("read").await;
    assert_refused(&answer, 200, -31031, "upstream-unavailable");
    assert_eq!(
        server.last("tools/call").0["authorization"],
        "Bearer s3cret"
    );
    assert_eq!(elsewhere.accepted.load(Ordering::Relaxed), 0);
}

/// What a modern upstream wants to read in headers is the upstream's own, also of a task.
#[tokio::test]
async fn headers_name_what_the_upstream_knows() {
    let running = Running::start().await;
    let (server, endpoint) = (&running.server, &running.endpoint);
    let meta = modern::meta_as(&json!({"extensions": {"io.modelcontextprotocol/tasks": {}}}));
    let params = json!({"name": "own__write", "arguments": {"task": true}, "_meta": meta});
    let begun = modern::request(endpoint, 1, "tools/call", &params);
    let task = begun.send().await.result()["taskId"].clone();
    assert_ne!(task, "own-1");
    let (headers, message) = server.last("tools/call");
    assert_eq!(message["params"]["name"], "write");
    assert_eq!(headers["mcp-method"], "tools/call");
    assert_eq!(headers["mcp-name"], "write");
    assert_eq!(headers["mcp-protocol-version"], modern::VERSION);
    assert!(!headers.contains_key("mcp-session-id"), "{headers:?}");

    let params = json!({"taskId": task, "_meta": meta});
    let told = modern::request(endpoint, 2, "tasks/get", &params);
    assert_eq!(told.send().await.result()["taskId"], task);
    let (headers, message) = server.last("tasks/get");
    assert_eq!(message["params"]["taskId"], "own-1");
    assert_eq!(headers["mcp-method"], "tasks/get");
    assert_eq!(headers["mcp-name"], "own-1");
}

/// Fifty calls of ten keys, each with a worker of its own, one after another: they share connections.
#[tokio::test]
async fn connections_are_used_again() {
    let (server, url) = Server::start().await;
    let upstream = upstreams::http("own", &url)
        .pool(16, 16, 64)
        .isolation(v1::Isolation::Key);
    let running = Running::with(server, upstream).await;
    for number in 0..10 {
        let key = control::master_key(&running.control, &format!("key-{number}")).await;
        let endpoint = running.endpoint.with_key(&key);
        for _ in 0..5 {
            let call = modern::call(&endpoint, "own__read", &json!({}));
            assert_eq!(call.send().await.first_text(), "done");
        }
    }
    assert_eq!(running.server.count("tools/call"), 50);
    let opened = running.server.accepted.load(Ordering::Relaxed);
    // More than one where a worker starts while a call is made.
    assert!(opened <= 4, "{opened} connections");
}

/// A refusal for the moment, or silence, says nothing about the era: the upstream is asked again.
#[tokio::test]
async fn a_probe_that_was_not_answered_is_no_evidence() {
    let probed = [Fault::Status(503), Fault::Status(429), Fault::Silence].map(|fault| async {
        let (server, url) = Server::start().await;
        server.fault("server/discover", [fault]);
        let running = Running::with(server, upstreams::http("own", &url)).await;
        assert_eq!(running.call("read").await.first_text(), "done");
        let (headers, _) = running.server.last("tools/call");
        assert_eq!(headers["mcp-method"], "tools/call", "as a modern upstream");
        assert_eq!(running.server.count("initialize"), 0);
    });
    join_all(probed).await;
}

/// A server that is in trouble is told apart from one that broke off: nothing is sent again.
#[tokio::test]
async fn a_server_error_is_an_answer() {
    let running = Running::start().await;
    let server = &running.server;
    for status in [500, 502, 503, 429] {
        let before = server.count("tools/call");
        server.fault("tools/call", [Fault::Status(status)]);
        let answer = running.call("read").await;
        let code = answer.refusal().2;
        let expected = if status == 429 {
            "upstream-unavailable"
        } else {
            "worker-lost"
        };
        assert_eq!(code, expected, "{status}");
        assert_eq!(server.count("tools/call") - before, 1, "{status}");
    }
    let works = wait::until(SOON, "calls work again", || async {
        let answer = running.call("read").await;
        match answer.json().get("result") {
            Some(_) => Ok(()),
            None => Err(answer),
        }
    });
    works.await;
}
