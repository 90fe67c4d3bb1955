//! An MCP server that wants an `Authorization`, and the token endpoint that gives some.

mod sse;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Barrier, Notify, mpsc};

/// All at once, on one port. Legacy.
pub(crate) struct Guarded {
    pub(crate) address: String,
    /// What it takes as `Authorization`.
    valid: Mutex<HashSet<String>>,
    /// Requests for a token, as they came.
    asked: Mutex<Vec<(HeaderMap, String)>>,
    /// In seconds, of the tokens to come.
    life: AtomicU64,
    /// Status and body of the token endpoint instead of a token.
    failing: Mutex<Option<(u16, String)>>,
    /// New tokens are as good as none.
    useless: Mutex<bool>,
    /// Refusals of calls wait for each other here.
    together: Mutex<Option<Arc<Barrier>>>,
    /// Calls of tools that were refused for their `Authorization`, and those that were executed.
    refused: AtomicUsize,
    executed: AtomicUsize,
    handshakes: AtomicUsize,
    /// Told of a call, which is never answered then.
    waiting: Mutex<Option<Arc<Notify>>>,
    /// Over HTTP+SSE: the newest stream, and how many there were.
    stream: Mutex<Option<mpsc::Sender<String>>>,
    streams: Mutex<usize>,
}

impl Guarded {
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Arc::new(Self {
            address: address.to_string(),
            valid: Mutex::default(),
            asked: Mutex::default(),
            life: AtomicU64::new(3600),
            failing: Mutex::default(),
            useless: Mutex::default(),
            together: Mutex::default(),
            refused: AtomicUsize::new(0),
            executed: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
            waiting: Mutex::default(),
            stream: Mutex::default(),
            streams: Mutex::default(),
        });
        let router = Router::new()
            .route("/mcp", post(serve))
            .route("/sse", get(sse::open))
            .route("/messages", post(sse::post))
            .route("/token", post(give))
            .with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A client that gets tokens here.
    pub(crate) fn client(&self, secret: &str) -> v1::ClientCredentials {
        v1::ClientCredentials {
            token_url: format!("http://{}/token", self.address),
            client_id: "ostia".to_owned(),
            client_secret: secret.to_owned(),
            ..v1::ClientCredentials::default()
        }
    }

    /// It takes this as `Authorization` from now on.
    pub(crate) fn takes(&self, authorization: &str) {
        let mut valid = self.valid.lock().expect("a set");
        valid.insert(authorization.to_owned());
    }

    /// It takes nothing any more that it took before.
    pub(crate) fn forget(&self) {
        self.valid.lock().expect("a set").clear();
    }

    pub(crate) fn give_useless_tokens(&self) {
        *self.useless.lock().expect("a flag") = true;
    }

    pub(crate) fn life(&self, seconds: u64) {
        self.life.store(seconds, Ordering::SeqCst);
    }

    /// The token endpoint answers so; `None`: with tokens.
    pub(crate) fn fail(&self, with: Option<(u16, &str)>) {
        let with = with.map(|(status, body)| (status, body.to_owned()));
        *self.failing.lock().expect("an answer") = with;
    }

    /// Calls that are refused hear of it once there are so many of them.
    pub(crate) fn refuse_together(&self, calls: usize) {
        *self.together.lock().expect("a barrier") = Some(Arc::new(Barrier::new(calls)));
    }

    /// Calls are executed and not answered any more; tells of each.
    pub(crate) fn calls_wait(&self) -> Arc<Notify> {
        let told = Arc::new(Notify::new());
        *self.waiting.lock().expect("a flag") = Some(Arc::clone(&told));
        told
    }

    pub(crate) fn asked(&self) -> Vec<(HeaderMap, String)> {
        self.asked.lock().expect("a list").clone()
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }

    pub(crate) fn executed(&self) -> usize {
        self.executed.load(Ordering::SeqCst)
    }
}

async fn give(State(server): State<Arc<Guarded>>, headers: HeaderMap, body: String) -> Response {
    let number = {
        let mut asked = server.asked.lock().expect("a list");
        asked.push((headers, body));
        asked.len()
    };
    let failing = server.failing.lock().expect("an answer").clone();
    if let Some((status, body)) = failing {
        let status = StatusCode::from_u16(status).expect("a status");
        return (status, body).into_response();
    }
    let token = format!("canary-token-{number}");
    if !*server.useless.lock().expect("a flag") {
        server.takes(&format!("Bearer {token}"));
    }
    let life = server.life.load(Ordering::SeqCst);
    as_json(&json!({"access_token": token, "token_type": "Bearer", "expires_in": life}))
}

async fn serve(State(server): State<Arc<Guarded>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let method = message["method"].as_str().unwrap_or_default();
    let presented = headers.get(AUTHORIZATION);
    let presented = presented.and_then(|value| value.to_str().ok());
    let presented = presented.unwrap_or_default().to_owned();
    if !server.valid.lock().expect("a set").contains(&presented) {
        if method == "tools/call" {
            server.refused.fetch_add(1, Ordering::SeqCst);
            let together = server.together.lock().expect("a barrier").clone();
            if let Some(together) = together {
                together.wait().await;
            }
        }
        let decoded = presented.strip_prefix("Basic ").unwrap_or_default();
        let decoded = STANDARD.decode(decoded).unwrap_or_default();
        let decoded = String::from_utf8_lossy(&decoded);
        let said = format!("no: {presented} {decoded}");
        return (StatusCode::UNAUTHORIZED, said).into_response();
    }
    let answer =
        |result: Value| as_json(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
    match method {
        "initialize" => {
            let number = server.handshakes.fetch_add(1, Ordering::SeqCst);
            let mut opened = answer(json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "guarded", "version": "1"},
            }));
            let id = number.to_string().parse().expect("a header");
            opened.headers_mut().insert("mcp-session-id", id);
            opened
        }
        "tools/list" => {
            let schema = json!({"type": "object"});
            answer(json!({"tools": [{"name": "who", "inputSchema": schema}]}))
        }
        "tools/call" => {
            server.executed.fetch_add(1, Ordering::SeqCst);
            let waiting = server.waiting.lock().expect("a flag").clone();
            if let Some(told) = waiting {
                told.notify_one();
                std::future::pending::<()>().await;
            }
            answer(json!({"content": [{"type": "text", "text": presented}]}))
        }
        method if method.starts_with("notifications/") => StatusCode::ACCEPTED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn as_json(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}
