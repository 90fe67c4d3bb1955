//! `/mcp` serves everything a key may use, `/mcp/<upstream>` one upstream under its own names.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use serde_json::json;

#[tokio::test]
async fn one_upstream_under_its_own_names() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("odd", "odd.py", &[]).add(&control).await;
    let one = Endpoint::new(&format!("{}/demo", ostia.mcp_url), &ostia.key);
    assert_eq!(modern::tools(&one).await, ["echo", "add", "now", "slow"]);
    let session = Session::open(&one).await;
    assert_eq!(session.tools().await, ["echo", "add", "now", "slow"]);
    assert_eq!(
        session
            .call("echo", &json!({"message": "x"}))
            .await
            .first_text(),
        "x"
    );
    // Tools of others are not here, whatever they are called.
    for name in ["odd", "odd__odd", "odd.odd"] {
        assert_refused(
            &session.call(name, &json!({})).await,
            200,
            -32602,
            "tool-unavailable",
        );
    }
}

/// Nobody can tell an upstream that is denied from one that does not exist.
#[tokio::test]
async fn an_upstream_that_may_not_be_used_is_not_there() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("faulty", "faulty.py", &["hidden"])
        .add(&control)
        .await;
    // The demo key is read-only, and faulty has no tool that says it only reads.
    for name in ["faulty", "no-such"] {
        let endpoint = Endpoint::new(&format!("{}/{name}", ostia.mcp_url), &ostia.key);
        let answer = modern::request(&endpoint, 1, "tools/list", &json!({}))
            .send()
            .await;
        assert_refused(&answer, 404, -31005, "not-found");
    }
}

#[tokio::test]
async fn names_as_the_operator_chose() {
    let ostia = Ostia::options()
        .arg("--exposed-names")
        .arg("dotted")
        .start()
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    assert_eq!(
        modern::tools(&endpoint).await,
        ["demo.echo", "demo.add", "demo.now", "demo.slow"]
    );
    let answer = modern::call(&endpoint, "demo.echo", &json!({"message": "x"}))
        .send()
        .await;
    assert_eq!(answer.first_text(), "x");
}
