//! At which stage an upstream fails, as the edge that tries it says, and that it says so when one fails later.

use super::http_faults::{Fault, Server};
use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, modern},
    ostia::Ostia,
    relay::Relay,
    upstreams::{self, Definition},
    wait,
};
use ostia_proto::v1::{self, UpstreamStage, upstream_definition::Transport};
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

async fn shown(control: &Control, upstream: &str) -> v1::Upstream {
    let upstream = upstream.to_owned();
    let request = v1::GetUpstreamRequest { upstream };
    let found = control.upstreams().get_upstream(request).await;
    found.expect("an upstream").into_inner()
}

async fn until_it_fails_at(control: &Control, upstream: &str, stage: UpstreamStage) {
    let what = format!("{upstream} fails at {}", stage.as_str_name());
    let told = wait::until(SOON, &what, || async {
        let shown = shown(control, upstream).await;
        if shown.problem.is_some() && shown.problem_stage() == stage {
            Ok(shown)
        } else {
            Err(shown)
        }
    });
    let shown = told.await.0;
    assert!(shown.problem_since.is_some(), "{shown:?}");
}

/// Over `https://`, where such an address is not allowed.
fn public(name: &str, url: &str) -> Definition {
    upstreams::http(name, url).with(|definition| {
        if let Some(Transport::Http(endpoint)) = &mut definition.transport {
            endpoint.allow_private_network = false;
        }
    })
}

#[tokio::test]
async fn an_upstream_that_does_not_work_says_how_far_it_came() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let (refusing, refusing_at) = Server::start().await;
    let denied = (0..100).map(|_| Fault::Status(401));
    refusing.fault("server/discover", denied);
    let (unlisted, unlisted_at) = Server::start().await;
    let broken = (0..100).map(|_| Fault::Status(503));
    unlisted.fault("tools/list", broken);
    let (_plain, plain_at) = Server::start().await;
    let secure_at = plain_at.replace("http://", "https://");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed_at = format!("http://{}/mcp", closed.local_addr().expect("an address"));
    drop(closed);
    for (definition, stage) in [
        (public("a", "https://localhost/mcp"), UpstreamStage::Resolve),
        (upstreams::http("b", &closed_at), UpstreamStage::Connect),
        (upstreams::sse("c", &closed_at), UpstreamStage::Connect),
        (upstreams::http("d", &secure_at), UpstreamStage::Tls),
        (upstreams::http("e", &refusing_at), UpstreamStage::Authorize),
        (
            upstreams::program("f", "/nowhere/at-all", &[]),
            UpstreamStage::Start,
        ),
        (
            upstreams::program("g", "false", &[]),
            UpstreamStage::Handshake,
        ),
        (upstreams::http("h", &unlisted_at), UpstreamStage::List),
    ] {
        let upstream = definition.define(&control).await;
        let name = upstream.definition.expect("a definition").name;
        until_it_fails_at(&control, &name, stage).await;
    }
}

/// What was listed once may be gone later: the first call that finds out has it listed again.
#[tokio::test]
async fn an_upstream_that_is_gone_is_told_of() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let (_server, url) = Server::start().await;
    let target = url.trim_start_matches("http://");
    let relay = Relay::to(target.trim_end_matches("/mcp")).await;
    let url = format!("http://{}/mcp", relay.address());
    upstreams::http("own", &url).add(&control).await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let call = || modern::call(&endpoint, "own__read", &json!({}));
    assert_eq!(call().send().await.first_text(), "done");
    drop(relay);
    wait::until(SOON, "a call fails", || async {
        let answer = call().send().await.json();
        match answer["error"]["data"]["code"].as_str() {
            Some("upstream-unavailable") => Ok(()),
            _ => Err(answer),
        }
    })
    .await;
    until_it_fails_at(&control, "own", UpstreamStage::Connect).await;
}
