//! Arguments that a tool wants repeated as headers: something between may have acted on them.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, Exchange, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use serde_json::{Value, json};

fn call(endpoint: &Endpoint, arguments: &Value) -> Exchange {
    modern::call(endpoint, "odd__repeated", arguments)
}

#[tokio::test]
async fn headers_say_what_the_arguments_say() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("odd", "odd.py", &[]).add(&control).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let both = json!({"region": "eu", "at": {"shard": 7}});
    let caf = json!({"region": "caf\u{e9}"});

    let accepted = [
        call(&endpoint, &json!({})),
        call(&endpoint, &both)
            .header("mcp-param-region", "eu")
            .header("mcp-param-shard", "7"),
        // Numbers are compared as numbers.
        call(&endpoint, &both)
            .header("mcp-param-region", "eu")
            .header("mcp-param-shard", "7.0"),
        call(&endpoint, &caf).header("mcp-param-region", "=?base64?Y2Fmw6k=?="),
        // Of another intermediary, perhaps; not ours to judge.
        call(&endpoint, &json!({})).header("mcp-param-unknown", "x"),
    ];
    for (n, exchange) in accepted.into_iter().enumerate() {
        let answer = exchange.send().await;
        assert_eq!(answer.status, 200, "case {n}: {answer:?}");
        answer.result();
    }

    let refused = [
        call(&endpoint, &both),
        call(&endpoint, &both).header("mcp-param-region", "eu"),
        call(&endpoint, &both)
            .header("mcp-param-region", "us")
            .header("mcp-param-shard", "7"),
        call(&endpoint, &both)
            .header("mcp-param-region", "EU")
            .header("mcp-param-shard", "7"),
        call(&endpoint, &both)
            .header("mcp-param-region", "eu")
            .header("mcp-param-shard", "8"),
        call(&endpoint, &json!({})).header("mcp-param-region", "eu"),
    ];
    for (n, exchange) in refused.into_iter().enumerate() {
        println!("case {n}");
        assert_refused(&exchange.send().await, 400, -32020, "header-mismatch");
    }

    // Clients of the other era know nothing of this.
    let session = Session::open(&endpoint).await;
    session.call("odd__repeated", &both).await.result();
}
