//! Upstreams over HTTP: what reaches them, what is lost with a session, and where nobody may go.

use super::documented::assert_refused;
use crate::harness::{
    control, database,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams, wait,
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A legacy server that writes down the headers of every message, and forgets its sessions when told to.
#[derive(Default)]
struct Server {
    seen: Mutex<Vec<(String, HeaderMap)>>,
    session: Mutex<u32>,
    /// What a forgotten session is answered with.
    lost: Mutex<u16>,
    handshakes: Mutex<Handshakes>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Handshakes {
    #[default]
    Taken,
    Refused,
    Unanswered,
}

async fn serve(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let method = message["method"].as_str().unwrap_or_default().to_owned();
    let session = headers
        .get("mcp-session-id")
        .map(|id| id.to_str().expect("ASCII").to_owned());
    server
        .seen
        .lock()
        .expect("a list")
        .push((method.clone(), headers));
    let answer = |result: Value| {
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        ([("content-type", "application/json")], answer.to_string()).into_response()
    };
    let current = server.session.lock().expect("a session").to_string();
    if method == "initialize" {
        let handshakes = *server.handshakes.lock().expect("handshakes");
        match handshakes {
            Handshakes::Taken => {}
            Handshakes::Refused => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Handshakes::Unanswered => std::future::pending().await,
        }
        let mut response = answer(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "own", "version": "1"},
        }));
        let id = current.parse().expect("a header");
        response.headers_mut().insert("mcp-session-id", id);
        return response;
    }
    if session.as_deref() != Some(&*current) {
        let lost = *server.lost.lock().expect("a status");
        return StatusCode::from_u16(lost)
            .expect("a status")
            .into_response();
    }
    match method.as_str() {
        "tools/list" => {
            let schema = json!({"type": "object"});
            answer(json!({"tools": [{"name": "who", "inputSchema": schema}]}))
        }
        "tools/call" => answer(json!({"content": [{"type": "text", "text": current}]})),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

impl Server {
    /// Starts one on a free port; gives its address as well.
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    async fn start() -> (Arc<Self>, String) {
        let server = Arc::new(Self::default());
        *server.lost.lock().expect("a status") = 404;
        let router = Router::new().route("/mcp", post(serve));
        let router = router.with_state(Arc::clone(&server));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, format!("http://{address}/mcp"))
    }

    fn headers_of(&self, method: &str) -> HeaderMap {
        let seen = self.seen.lock().expect("a list");
        let last = seen.iter().rev().find(|(seen, _)| seen == method);
        last.unwrap_or_else(|| panic!("no {method} came")).1.clone()
    }

    fn count(&self, method: &str) -> usize {
        let seen = self.seen.lock().expect("a list");
        seen.iter().filter(|(seen, _)| seen == method).count()
    }
}

/// What the operator gave arrives; what the caller sent to Ostia does not.
#[tokio::test]
async fn a_callers_headers_stay_here() {
    let (server, url) = Server::start().await;
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::http("own", &url)
        .credential("X-Token", "s3cret-value")
        .add(&control)
        .await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let call = modern::call(&endpoint, "own__who", &json!({}))
        .header("cookie", "mine=1")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-mine", "1");
    assert_eq!(call.send().await.first_text(), "0");
    let headers = server.headers_of("tools/call");
    assert_eq!(headers["x-token"], "s3cret-value");
    for name in [
        "authorization",
        "cookie",
        "x-forwarded-for",
        "x-mine",
        "mcp-name",
    ] {
        assert!(!headers.contains_key(name), "{name}: {headers:?}");
    }
    assert!(
        url.contains(headers["host"].to_str().expect("ASCII")),
        "{headers:?}"
    );
    // Nor does it come out of Ostia again.
    let shown = ostia.cli(&["upstreams", "show", "own", "--json"]).await;
    assert!(!shown.stdout.contains("s3cret-value"), "{shown:?}");
}

/// A session that the server forgot is opened again, once, and the call repeated: it was not executed.
#[tokio::test]
async fn a_lost_session_is_renewed() {
    for status in [404, 400, 401] {
        let (server, url) = Server::start().await;
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstreams::http("own", &url).add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        let call = || modern::call(&endpoint, "own__who", &json!({})).send();
        assert_eq!(call().await.first_text(), "0");
        let handshakes = server.count("initialize");
        *server.lost.lock().expect("a status") = status;
        *server.session.lock().expect("a session") = 1;
        assert_eq!(call().await.first_text(), "1", "{status}");
        assert_eq!(server.count("initialize"), handshakes + 1);
    }
}

/// While no other session is to be had calls fail, clearly and in time, and were not made; then they work
/// again.
#[tokio::test]
async fn a_session_that_is_not_renewed_fails_its_calls() {
    for (handshakes, code) in [
        (Handshakes::Refused, "upstream-unavailable"),
        (Handshakes::Unanswered, "call-timeout"),
    ] {
        let (server, url) = Server::start().await;
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstreams::http("own", &url)
            .call_timeout(Duration::from_secs(2))
            .add(&control)
            .await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        let call = || modern::call(&endpoint, "own__who", &json!({})).send();
        assert_eq!(call().await.first_text(), "0");
        *server.handshakes.lock().expect("handshakes") = handshakes;
        *server.session.lock().expect("a session") = 1;
        let before = server.count("tools/call");
        assert_eq!(call().await.refusal().2, code, "{handshakes:?}");
        assert_eq!(
            server.count("tools/call") - before,
            1,
            "it was not repeated"
        );

        *server.handshakes.lock().expect("handshakes") = Handshakes::Taken;
        let works = wait::until(Duration::from_secs(40), "calls work again", || async {
            let answer = call().await;
            match answer.json().get("result") {
                Some(_) => Ok(answer.first_text()),
                None => Err(answer),
            }
        });
        assert_eq!(works.await.0, "1", "{handshakes:?}");
    }
}

/// Metadata of clouds, and private networks that nobody allowed: the operator is told, the caller waits
/// for nothing.
#[tokio::test]
async fn addresses_that_are_not_allowed_are_not_reached() {
    let (server, url) = Server::start().await;
    let mut ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = control::master_key(&control, "all").await;
    upstreams::http("metadata", "http://localhost:1/mcp")
        .define(&control)
        .await;
    // 169.254.169.254, as no definition may say it any more; an older version took it.
    ostia.stop().await;
    let older =
        "UPDATE upstreams SET version = 2, url = 'http://2852039166/mcp' WHERE name = 'metadata'";
    database::execute(&ostia.database_url(), older).await;
    ostia.start_again().await;
    let control = control::client(&ostia);
    let port = url
        .trim_end_matches("/mcp")
        .rsplit(':')
        .next()
        .expect("a port");
    upstreams::http("inside", &format!("https://localhost:{port}/mcp"))
        .with(|definition| {
            let transport = definition.transport.as_mut();
            if let Some(v1::upstream_definition::Transport::Http(endpoint)) = transport {
                endpoint.allow_private_network = false;
            }
        })
        .define(&control)
        .await;
    for name in ["metadata", "inside"] {
        let problem = wait::until(Duration::from_secs(20), "a problem is told", || async {
            let upstream = name.to_owned();
            let request = v1::GetUpstreamRequest { upstream };
            let found = control.upstreams().get_upstream(request).await;
            let told = found.expect("the upstream").into_inner().problem;
            let not_allowed = |problem: &String| problem.contains("allow_private_network");
            told.clone().filter(not_allowed).ok_or((name, told))
        });
        problem.await;
    }
    assert!(server.seen.lock().expect("a list").is_empty());
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let call = modern::call(&endpoint, "metadata__who", &json!({}))
        .send()
        .await;
    assert_refused(&call, 200, -32602, "tool-unavailable");
}
