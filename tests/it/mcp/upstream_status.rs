//! What an upstream answered with, and how much it was, as audit tells.

use super::http_faults::{Fault, Server};
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams, wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn audit_says_what_the_upstream_answered_and_how_much() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let (server, url) = Server::start().await;
    upstreams::http("own", &url).add(&control).await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let call = async |tool: &str| {
        let call = modern::call(&endpoint, tool, &json!({"message": "x"}));
        let answer = call.send().await;
        answer.header("ostia-request-id").expect("an id").to_owned()
    };
    let answered = call("own__write").await;
    server.fault("tools/call", [Fault::Status(502), Fault::Status(403)]);
    let failed = call("own__write").await;
    let refused = call("own__write").await;
    server.fault("tools/call", [Fault::Cut]);
    let broken = call("own__write").await;
    let over_stdio = call("demo__echo").await;
    let unknown = call("own__nothing").await;
    let written = wait::until(Duration::from_secs(10), "all are written", || async {
        let events = control::audit(&control).await;
        if events.iter().any(|event| event.request_id == unknown) {
            Ok(events)
        } else {
            Err(events.len())
        }
    });
    let (events, _) = written.await;
    let of = |request: &str| -> &v1::AuditEvent {
        let found = events.iter().find(|event| event.request_id == request);
        found.expect("an event")
    };
    for (request, status) in [
        (&answered, Some(200)),
        (&failed, Some(502)),
        (&refused, Some(403)),
        (&over_stdio, None),
        (&unknown, None),
    ] {
        assert_eq!(of(request).upstream_status, status, "{:#?}", of(request));
    }
    assert_eq!(of(&broken).outcome, "upstream_unavailable");
    for request in [&answered, &over_stdio] {
        let usage = control::usage(&control).await;
        let record = usage.iter().find(|record| record.id == of(request).id);
        let record = record.expect("a record");
        assert!(record.request_bytes > 0 && record.result_bytes > 0);
        assert_eq!(of(request).request_bytes, Some(record.request_bytes));
        assert_eq!(of(request).result_bytes, Some(record.result_bytes));
    }
    assert_eq!(of(&unknown).result_bytes, Some(0));
}
