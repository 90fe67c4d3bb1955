//! What an upstream takes of everybody together.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams,
};
use ostia_proto::v1;
use serde_json::json;

/// An upstream that is to be spared is spared by everybody together, also by those with no limit.
#[tokio::test]
async fn an_upstream_takes_so_many_calls_of_everybody() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let offer = json!({"tools": [[
        {"name": "one", "inputSchema": {"type": "object"}},
        {"name": "other", "inputSchema": {"type": "object"}},
    ]]});
    upstreams::script("spared", "lister.py", &[&offer.to_string()])
        .with(|definition| {
            definition.pool = Some(v1::PoolLimits {
                calls_per_minute: Some(3),
                tool_calls_per_minute: Some(2),
                ..v1::PoolLimits::default()
            });
        })
        .add(&control)
        .await;
    let [ann, bob] = ["ann", "bob"].map(|name| control::master_key(&control, name));
    let [ann, bob] = [ann.await, bob.await].map(|key| Endpoint::new(&ostia.mcp_url, &key));
    let call = async |endpoint: &Endpoint, tool: &str| {
        modern::call(endpoint, tool, &json!({})).send().await
    };
    assert_eq!(call(&ann, "spared__one").await.first_text(), "one");
    assert_eq!(call(&bob, "spared__one").await.first_text(), "one");
    // This tool has had its calls, another one has not.
    assert_refused(
        &call(&ann, "spared__one").await,
        200,
        -31030,
        "upstream-busy",
    );
    assert_eq!(call(&ann, "spared__other").await.first_text(), "other");
    let refused = call(&bob, "spared__other").await;
    assert_refused(&refused, 200, -31030, "upstream-busy");
    assert!(refused.json()["error"]["data"]["retryAfterMs"].as_u64() > Some(0));
}
