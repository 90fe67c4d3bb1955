//! Clients that listen hear what changed for them, and nothing else.

use crate::harness::{
    control,
    mcp::{Endpoint, Events, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use ostia_proto::v1;
use serde_json::{Value, json};

async fn start() -> (Ostia, control::Control) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::fixture("fixture", "dual").add(&control).await;
    (ostia, control)
}

async fn listen(endpoint: &Endpoint, filter: &Value) -> Events {
    let params = json!({"notifications": filter});
    let listen = modern::request(endpoint, "l", "subscriptions/listen", &params);
    let mut events = Events::new(listen.begin().await);
    let first = events.next().await.expect("an acknowledgement");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(first["params"]["notifications"], *filter, "{first:#}");
    assert_eq!(subscription(&first), "l");
    events
}

fn subscription(message: &Value) -> &Value {
    &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
}

async fn update(control: &control::Control, policy: &str, allow: &str) {
    let rules = v1::Rules {
        allow: vec![allow.to_owned()],
        ..control::everything_of(&["*"])
    };
    let request = v1::UpdatePolicyRequest {
        policy: policy.to_owned(),
        rules: Some(rules),
    };
    control
        .policies()
        .update_policy(request)
        .await
        .expect("a policy");
}

#[tokio::test]
async fn a_policy_that_changes_changes_lists() {
    let (ostia, control) = start().await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let session = Session::open(&endpoint).await;
    let mut legacy = Events::new(session.listen().begin().await);
    let mut tools = listen(&endpoint, &json!({"toolsListChanged": true})).await;
    let mut prompts = listen(&endpoint, &json!({"promptsListChanged": true})).await;

    update(&control, "all", "fixture.test_simple_*").await;
    let told = tools.next().await.expect("a notification");
    assert_eq!(told["method"], "notifications/tools/list_changed");
    assert_eq!(subscription(&told), "l");
    let told = prompts.next().await.expect("a notification");
    assert_eq!(told["method"], "notifications/prompts/list_changed");
    let told = legacy.next().await.expect("a notification");
    assert_eq!(told["method"], "notifications/tools/list_changed");
    assert!(told.get("params").is_none(), "{told:#}");
}

#[tokio::test]
async fn what_an_upstream_says_about_its_lists_is_passed_on() {
    let (ostia, control) = start().await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let mut tools = listen(&endpoint, &json!({"toolsListChanged": true})).await;
    let trigger = modern::call(&endpoint, "fixture__test_trigger_tool_change", &json!({}));
    trigger.send().await.result();
    let told = tools.next().await.expect("a notification");
    assert_eq!(told["method"], "notifications/tools/list_changed");
}

/// Nothing is told to a key that was revoked: the stream ends.
#[tokio::test]
async fn a_revoked_key_hears_nothing_more() {
    let (ostia, control) = start().await;
    let key = control::key(&control, "gone", control::everything_of(&["*"])).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key.secret);
    let mut tools = listen(&endpoint, &json!({"toolsListChanged": true})).await;
    let request = v1::RevokeKeyRequest {
        key: key.key.expect("a key").id,
    };
    control.keys().revoke_key(request).await.expect("revoked");
    update(&control, "gone", "fixture.test_simple_*").await;
    assert_eq!(tools.next().await, None);
}

/// A session watches a resource, under the URI that it knows.
#[tokio::test]
async fn what_nobody_may_read_is_not_watched() {
    let (ostia, control) = start().await;
    let key = control::key(&control, "none", control::everything_of(&["demo"])).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key.secret);
    let session = Session::open(&endpoint).await;
    let params = json!({"uri": "fixture+test://watched-resource"});
    let refused = session.request(1, "resources/subscribe", &params).await;
    assert_eq!(refused.refusal().2, "resource-unavailable");
    let filter = json!({"resourceSubscriptions": ["fixture+test://watched-resource"]});
    let params = json!({"notifications": filter});
    let listen = modern::request(&endpoint, 1, "subscriptions/listen", &params);
    let mut events = Events::new(listen.begin().await);
    let first = events.next().await.expect("an acknowledgement");
    assert_eq!(first["params"]["notifications"], json!({}), "{first:#}");
}
