//! `Idempotency-Key` of calls of tools: what may have run is not run again.

use super::{
    Answer, Api,
    calls::{call, caller, ready},
    send, service, split,
};
use crate::{
    harness::{control, ostia::Ostia, wait},
    mcp::http_faults::{Fault, Server},
};
use reqwest::Method;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);

/// An upstream that counts, and a key that may call its tools.
async fn counting(api: &Api) -> (Arc<Server>, String) {
    let made = offered(api).await;
    ready(api, "own").await;
    made
}

/// Both, before edges know of them.
async fn offered(api: &Api) -> (Arc<Server>, String) {
    let (server, url) = Server::start().await;
    let own = json!({
        "name": "own",
        "transport": "http",
        "url": url,
        "allow_private_network": true,
        "call_timeout_ms": 2000,
    });
    api.post("/api/v1/upstreams", own).await.ok(201);
    (server, caller(api, "all", json!({})).await)
}

/// Of a tool that edges do not call twice by themselves.
async fn write(api: &Api, key: &str, once: &str) -> Answer {
    let path = "/api/v1/upstreams/own/tools/write/execute";
    let request = api.with_key(Method::POST, path, key);
    send(request.header("idempotency-key", once).body("{}")).await
}

/// Three times under one key: the first answer each time.
async fn is_answered_again(api: &Api, key: &str, once: &str, (status, code): (u16, &str)) {
    let first = write(api, key, once).await;
    first.refused(status, code);
    assert_eq!(first.header("idempotency-replayed"), "");
    for _ in 0..2 {
        let again = write(api, key, once).await;
        again.refused(status, code);
        assert_eq!(again.header("idempotency-replayed"), "true");
        for member in ["detail", "upstream"] {
            assert_eq!(again.body[member], first.body[member]);
        }
        assert_ne!(again.body["requestId"], first.body["requestId"]);
    }
}

#[tokio::test]
async fn what_went_wrong_at_the_upstream_is_not_called_again() {
    let api = Api::start().await;
    let (server, key) = counting(&api).await;
    let dropped = CancellationToken::new();
    for (fault, answered) in [
        (Fault::Silence, (504, "call-timeout")),
        (Fault::Cut, (502, "worker-lost")),
        (
            Fault::Endless(dropped.drop_guard()),
            (502, "upstream-invalid"),
        ),
        // By the upstream's own word, which sounds like that of an edge.
        (Fault::Busy, (502, "upstream-error")),
    ] {
        let before = server.count("tools/call");
        server.fault("tools/call", [fault]);
        is_answered_again(&api, &key, answered.1, answered).await;
        assert_eq!(server.count("tools/call") - before, 1, "{answered:?}");
    }
    // It ran, and its result is larger than the policy allows.
    let constraints = json!([{"tools": ["*"], "max_result_bytes": 1}]);
    let rules = json!({"upstreams": ["*"], "allow": ["*"], "constraints": constraints});
    let change = json!({"rules": rules});
    api.write(Method::PUT, "/api/v1/policies/all", change)
        .await
        .ok(200);
    control::client(&api.ostia).settled().await;
    let before = server.count("tools/call");
    let answered = (502, "result-too-large");
    is_answered_again(&api, &key, answered.1, answered).await;
    assert_eq!(server.count("tools/call") - before, 1);
}

/// What was refused before the upstream heard of it was not done, and is done by who comes again.
#[tokio::test]
async fn what_was_refused_is_called_by_the_repeat() {
    let api = Api::start().await;
    let (server, key) = counting(&api).await;
    let rules =
        |deny: &[&str]| json!({"rules": {"upstreams": ["*"], "allow": ["*"], "deny": deny}});
    let policy = "/api/v1/policies/all";
    api.write(Method::PUT, policy, rules(&["own.write"]))
        .await
        .ok(200);
    control::client(&api.ostia).settled().await;
    let denied = write(&api, &key, "k").await;
    denied.refused(404, "tool-unavailable");
    api.write(Method::PUT, policy, rules(&[])).await.ok(200);
    control::client(&api.ostia).settled().await;
    // The upstream does not take it.
    server.fault("tools/call", [Fault::Status(403)]);
    let unavailable = write(&api, &key, "k").await;
    unavailable.refused(502, "upstream-unavailable");
    let before = server.count("tools/call");
    for replayed in ["", "true"] {
        let done = write(&api, &key, "k").await;
        assert_eq!(done.header("idempotency-replayed"), replayed);
        assert_eq!(done.ok(200)["content"][0]["text"], "done");
    }
    assert_eq!(server.count("tools/call") - before, 1);
}

/// Nobody knows how far the call came.
#[tokio::test]
async fn a_call_whose_edge_was_lost_is_not_made_again() {
    let main = Ostia::options().roles(&["control"]).start().await;
    let token = control::secret(&main, "service_token");
    let edge = Ostia::options()
        .roles(&["edge"])
        .env("OSTIA_CONTROL_URL", main.control_url.clone())
        .env("OSTIA_SERVICE_TOKEN", token.expose());
    let mut edge = edge.start().await;
    let api = Api {
        key: service(&main, "root", "administrator").await,
        ostia: split::web_of(&main, &edge.mcp_url).await,
    };
    let (server, key) = offered(&api).await;
    served(&api, &key).await;

    let before = server.count("tools/call");
    server.fault("tools/call", [Fault::Silence]);
    let lost = async {
        let began = wait::until(SOON, "the upstream has it", || async {
            match server.count("tools/call") - before {
                1 => Ok(()),
                other => Err(other),
            }
        });
        began.await;
        edge.kill9().await;
    };
    let (first, ()) = tokio::join!(write(&api, &key, "k"), lost);
    first.refused(502, "worker-lost");
    edge.start_again().await;
    served(&api, &key).await;
    let before = server.count("tools/call");
    let again = write(&api, &key, "k").await;
    again.refused(502, "worker-lost");
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(server.count("tools/call"), before);
}

/// Waits until calls of this key arrive.
async fn served(api: &Api, key: &str) {
    let arrives = wait::until(SOON, "calls arrive", || async {
        let answer = call(api, key, "own", "read", json!({})).await;
        match answer.status {
            200 => Ok(()),
            _ => Err(answer.body),
        }
    });
    arrives.await;
}
