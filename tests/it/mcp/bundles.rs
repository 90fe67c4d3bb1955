//! `/mcp/@<bundle>`: a selection, under names of its own, of what its caller may use anyway.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
};
use ostia_proto::v1;
use serde_json::json;

async fn bundle(control: &control::Control, name: &str) {
    let shown = v1::ToolOverride {
        tool: "demo.echo".to_owned(),
        name: Some("say".to_owned()),
        description: Some("Says it again.".to_owned()),
    };
    let selection = v1::Selection {
        include: vec!["demo.echo".to_owned(), "demo.add".to_owned()],
        overrides: vec![shown],
    };
    let request = v1::CreateBundleRequest {
        name: name.to_owned(),
        selection: Some(selection),
    };
    control
        .bundles()
        .create_bundle(request)
        .await
        .expect("a bundle");
    control.settled().await;
}

#[tokio::test]
async fn a_bundle_shows_its_selection_under_its_names() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    bundle(&control, "desk").await;
    let endpoint = Endpoint::new(&format!("{}/@desk", ostia.mcp_url), &ostia.key);
    assert_eq!(modern::tools(&endpoint).await, ["say", "demo__add"]);
    let list = modern::request(&endpoint, 1, "tools/list", &json!({}));
    let list = list.send().await.result();
    assert_eq!(list["tools"][0]["description"], "Says it again.");
    for name in ["say", "demo__echo", "demo.echo"] {
        let call = modern::call(&endpoint, name, &json!({"message": "x"}));
        assert_eq!(call.send().await.first_text(), "x", "{name}");
    }
    let outside = modern::call(&endpoint, "demo__now", &json!({}))
        .send()
        .await;
    assert_refused(&outside, 200, -32602, "tool-unavailable");
}

/// A selection is no permission, and a bundle of which nothing is left is none.
#[tokio::test]
async fn a_bundle_grants_nothing() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    bundle(&control, "desk").await;
    let rules = v1::Rules {
        allow: vec!["demo.now".to_owned()],
        ..control::everything_of(&["demo"])
    };
    let key = control::key(&control, "now", rules).await.secret;
    for (path, key) in [("@desk", key.as_str()), ("@none", ostia.key.as_str())] {
        let endpoint = Endpoint::new(&format!("{}/{path}", ostia.mcp_url), key);
        let list = modern::request(&endpoint, 1, "tools/list", &json!({}));
        assert_refused(&list.send().await, 404, -31005, "not-found");
    }
}
