//! Calls that the edge refuses or that go wrong behind it, as REST says so.

use super::{
    Api,
    calls::{call, caller, ready},
    keys::key_of_another,
    send, service,
};
use crate::{
    harness::{control, environment, ostia::Ostia, upstreams, wait},
    mcp::http_faults::{Fault, Server},
};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_key_that_has_had_its_calls() {
    let api = Api::start().await;
    let monthly = caller(&api, "monthly", json!({"calls_per_month": 1})).await;
    let one = caller(&api, "one", json!({"max_in_flight": 1})).await;
    control::client(&api.ostia).settled().await;
    let echo = async |key: &str| call(&api, key, "demo", "echo", json!({"message": "x"})).await;
    echo(&monthly).await.ok(200);
    let used_up = echo(&monthly).await;
    used_up.refused(429, "quota-used-up");
    assert!(!used_up.header("retry-after").is_empty());

    let slow = || call(&api, &one, "demo", "slow", json!({"seconds": 3}));
    let (first, second) = tokio::join!(slow(), slow());
    let (ran, refused) = match first.status {
        200 => (first, second),
        _ => (second, first),
    };
    ran.ok(200);
    refused.refused(429, "too-many-calls");
}

/// What spares an upstream is set here, and taken away again with null.
#[tokio::test]
async fn an_upstream_that_has_had_its_calls() {
    let api = Api::start().await;
    let lister = environment::repository().join("tests/peers/lister.py");
    let offer = json!({"tools": [[{"name": "one", "inputSchema": {"type": "object"}}]]});
    let body = json!({
        "name": "spared",
        "transport": "stdio",
        "program": upstreams::python(),
        "args": ["-B", lister, offer.to_string()],
        "pool": {"calls_per_minute": 1, "tool_calls_per_minute": 1},
    });
    let added = api.post("/api/v1/upstreams", body).await.ok(201);
    assert_eq!(added["pool"]["tool_calls_per_minute"], 1);
    ready(&api, "spared").await;
    let key = caller(&api, "all", json!({})).await;
    control::client(&api.ostia).settled().await;
    call(&api, &key, "spared", "one", json!({})).await.ok(200);
    let busy = call(&api, &key, "spared", "one", json!({})).await;
    busy.refused(503, "upstream-busy");
    assert!(!busy.header("retry-after").is_empty());

    let change = json!({"pool": {"calls_per_minute": null, "tool_calls_per_minute": null}});
    let path = "/api/v1/upstreams/spared";
    let changed = api.write(Method::PATCH, path, change).await.ok(200);
    assert_eq!(changed["pool"]["calls_per_minute"], json!(null));
    ready(&api, "spared").await;
    for _ in 0..3 {
        call(&api, &key, "spared", "one", json!({})).await.ok(200);
    }
}

/// A program that calls over REST cannot be asked anything in the middle of a call.
#[tokio::test]
async fn nobody_is_there_to_be_asked() {
    let api = Api::start().await;
    let fixture = upstreams::fixture("fixture", "legacy");
    fixture.add(&control::client(&api.ostia)).await;
    let key = caller(&api, "all", json!({})).await;
    control::client(&api.ostia).settled().await;
    let arguments = json!({"message": "who are you?"});
    let asked = call(&api, &key, "fixture", "test_elicitation", arguments).await;
    asked.refused(422, "client-capability-missing");
    let needed = &asked.body["upstream"]["data"]["requiredCapabilities"];
    assert!(needed["elicitation"].is_object(), "{:#}", asked.body);
}

#[tokio::test]
async fn a_key_that_has_ended() {
    let api = Api::start().await;
    let short = json!({"name": "short", "expires_in_seconds": 1});
    let made = key_of_another(&api, short).await;
    let key = made["secret"].as_str().expect("a secret");
    let ended = wait::until(SOON, "its second is over", || async {
        match send(api.with_key(Method::GET, "/v1/me", key)).await {
            answer if answer.status == 200 => Err(answer.body),
            answer => Ok(answer),
        }
    });
    ended.await.0.refused(401, "key-expired");
}

/// A message without an end is not waited for.
#[tokio::test]
async fn an_upstream_that_does_not_keep_to_the_protocol() {
    let api = Api::start().await;
    let (server, url) = Server::start().await;
    let body = json!({
        "name": "own",
        "transport": "http",
        "url": url,
        "allow_private_network": true,
    });
    api.post("/api/v1/upstreams", body).await.ok(201);
    ready(&api, "own").await;
    let key = caller(&api, "all", json!({})).await;
    control::client(&api.ostia).settled().await;
    let read = async || call(&api, &key, "own", "read", json!({})).await;
    read().await.ok(200);
    let dropped = CancellationToken::new();
    server.fault("tools/call", [Fault::Endless(dropped.drop_guard())]);
    read().await.refused(502, "upstream-invalid");
}

/// One whose edge is gone, and one that was sent to something that is no edge.
#[tokio::test]
async fn what_a_web_role_alone_finds_behind_its_address() {
    let main = Ostia::options().roles(&["control"]).start().await;
    let root = service(&main, "root", "administrator").await;
    let token = control::secret(&main, "service_token");
    let beside = |role: &'static str| {
        Ostia::options()
            .roles(&[role])
            .env("OSTIA_CONTROL_URL", main.control_url.clone())
            .env("OSTIA_SERVICE_TOKEN", token.expose())
    };
    let web = async |mcp_url: &str| Api {
        ostia: beside("web").arg("--mcp-url").arg(mcp_url).start().await,
        key: root.clone(),
    };
    let echo =
        async |api: &Api| call(api, &main.key, "demo", "echo", json!({"message": "x"})).await;

    let mut edge = beside("edge").start().await;
    let api = web(&edge.mcp_url).await;
    echo(&api).await.ok(200);
    edge.stop().await;
    let gone = echo(&api).await;
    gone.refused(502, "upstream-unavailable");
    assert!(!gone.header("retry-after").is_empty());

    let lost = web(&format!("{}/mcp", api.ostia.web_url)).await;
    echo(&lost).await.refused(500, "internal");
    let log = lost.ostia.log();
    assert!(
        log.contains("is it an edge?") && !log.contains(&main.key),
        "{log}"
    );
}
