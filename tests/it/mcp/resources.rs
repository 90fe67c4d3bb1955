//! Prompts, resources and completion: found, used and refused like tools.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use serde_json::{Value, json};

const TEXT: &str = "test://static-text";

async fn start(era: &str) -> (Ostia, control::Control, Endpoint) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::fixture("fixture", era).add(&control).await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    (ostia, control, endpoint)
}

async fn ask(endpoint: &Endpoint, method: &str, params: &Value) -> Answer {
    modern::request(endpoint, 1, method, params).send().await
}

fn texts<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list").iter();
    items.filter_map(|item| item[member].as_str()).collect()
}

/// At `/mcp` they carry their upstream; what is listed there can be used there.
#[tokio::test]
async fn what_is_listed_can_be_used() {
    let (_ostia, _control, endpoint) = start("dual").await;
    let resources = ask(&endpoint, "resources/list", &json!({})).await.result();
    let uris = texts(&resources["resources"], "uri");
    assert!(uris.contains(&"fixture+test://static-text"), "{uris:?}");
    for uri in ["fixture+test://static-text", TEXT] {
        let read = ask(&endpoint, "resources/read", &json!({"uri": uri})).await;
        assert_eq!(read.result()["contents"][0]["uri"], TEXT);
    }
    let template = json!({"uri": "fixture+test://template/7/data"});
    let read = ask(&endpoint, "resources/read", &template).await.result();
    assert!(
        read["contents"][0]["text"].to_string().contains('7'),
        "{read:#}"
    );

    let prompts = ask(&endpoint, "prompts/list", &json!({})).await.result();
    let names = texts(&prompts["prompts"], "name");
    assert!(names.contains(&"fixture__test_simple_prompt"), "{names:?}");
    for name in ["fixture__test_simple_prompt", "fixture.test_simple_prompt"] {
        let prompt = ask(&endpoint, "prompts/get", &json!({"name": name})).await;
        assert!(prompt.result()["messages"].is_array());
    }
    let reference = json!({"type": "ref/prompt", "name": "fixture__test_prompt_with_arguments"});
    let params = json!({"ref": reference, "argument": {"name": "arg1", "value": "t"}});
    let completed = ask(&endpoint, "completion/complete", &params).await;
    assert!(completed.result()["completion"]["values"].is_array());
}

/// What is not there and what is forbidden look the same, in the words of each era.
#[tokio::test]
async fn what_may_not_be_used_is_not_there() {
    let (ostia, control, _) = start("dual").await;
    let tools_only = ostia_proto::v1::Rules {
        upstreams: vec!["fixture".into()],
        allow: vec!["fixture.test_*".into()],
        deny: vec!["fixture.test_simple_prompt".into()],
        ..Default::default()
    };
    let key = control::key(&control, "tools", tools_only).await.secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let listed = ask(&endpoint, "resources/list", &json!({})).await.result();
    assert_eq!(listed["resources"], json!([]), "{listed:#}");
    let prompts = ask(&endpoint, "prompts/list", &json!({})).await.result();
    let names = texts(&prompts["prompts"], "name");
    assert!(!names.contains(&"fixture__test_simple_prompt"), "{names:?}");

    let session = Session::open(&endpoint).await;
    for uri in [
        "fixture+test://static-text",
        "fixture+test://none",
        "none+x:y",
    ] {
        let params = json!({"uri": uri});
        let refused = ask(&endpoint, "resources/read", &params).await;
        assert_refused(&refused, 400, -32602, "resource-unavailable");
        assert_eq!(refused.json()["error"]["data"]["uri"], uri);
        let refused = session.request(1, "resources/read", &params).await;
        assert_refused(&refused, 200, -32002, "resource-unavailable");
    }
    let params = json!({"name": "fixture__test_simple_prompt"});
    let refused = ask(&endpoint, "prompts/get", &params).await;
    assert_refused(&refused, 200, -32602, "prompt-unavailable");
}

/// An upstream's own answer that a resource is missing is told as the client's era tells it.
#[tokio::test]
async fn a_missing_resource_has_the_code_of_the_clients_era() {
    for era in ["legacy", "modern"] {
        let (_ostia, _control, endpoint) = start(era).await;
        let params = json!({"uri": "fixture+test://nothing-here"});
        let modern = ask(&endpoint, "resources/read", &params).await.json();
        assert_eq!(modern["error"]["code"], -32602, "{era}: {modern:#}");
        let session = Session::open(&endpoint).await;
        let legacy = session.request(1, "resources/read", &params).await.json();
        assert_eq!(legacy["error"]["code"], -32002, "{era}: {legacy:#}");
    }
}

/// One dead upstream is missing in lists, by name, and nothing else is.
#[tokio::test]
async fn a_list_says_what_it_lacks() {
    let (_ostia, control, endpoint) = start("dual").await;
    upstreams::program("dead", "/nonexistent/program", &[])
        .define(&control)
        .await;
    control.settled().await;
    let listed = ask(&endpoint, "tools/list", &json!({})).await.result();
    assert!(!listed["tools"].as_array().expect("tools").is_empty());
    let missing = &listed["_meta"]["dev.ostia/missing"];
    assert_eq!(missing[0]["upstream"], "dead", "{listed:#}");
}
