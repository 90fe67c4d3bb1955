//! What upstreams list, as clients see it: whole, in order, and told apart.

use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams::{self, Definition},
    wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

fn lister(name: &str, offer: &Value) -> Definition {
    upstreams::script(name, "lister.py", &[&offer.to_string()])
}

async fn start() -> (Ostia, Control, Endpoint) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    (ostia, control, endpoint)
}

async fn ask(endpoint: &Endpoint, method: &str, params: Value) -> Value {
    let request = modern::request(endpoint, 1, method, &params);
    request.send().await.result()
}

async fn names(endpoint: &Endpoint, method: &str, list: &str, member: &str) -> Vec<String> {
    let listed = ask(endpoint, method, json!({})).await;
    let items = listed[list].as_array().expect("a list").iter();
    items
        .map(|item| item[member].as_str().expect("a name").to_owned())
        .collect()
}

fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

/// What control shows an operator as wrong with an upstream.
async fn problem(control: &Control, upstream: &str) -> String {
    let told = wait::until(Duration::from_secs(20), "a problem is told", || async {
        let request = v1::GetUpstreamRequest {
            upstream: upstream.to_owned(),
        };
        let found = control.upstreams().get_upstream(request).await;
        let found = found.expect("the upstream").into_inner();
        found.problem.ok_or("none")
    });
    told.await.0
}

#[tokio::test]
async fn every_page_is_listed_on_one_in_the_upstreams_order() {
    let (_ostia, control, endpoint) = start().await;
    let pages: Vec<_> = (0..3)
        .map(|page| [tool(&format!("z{page}")), tool(&format!("a{page}"))])
        .collect();
    lister("paged", &json!({"tools": pages}))
        .add(&control)
        .await;
    let listed = names(&endpoint, "tools/list", "tools", "name").await;
    let own: Vec<_> = listed.iter().filter(|n| n.starts_with("paged__")).collect();
    let wanted = ["z0", "a0", "z1", "a1", "z2", "a2"].map(|name| format!("paged__{name}"));
    assert_eq!(own, wanted.iter().collect::<Vec<_>>());
}

/// A broken list of prompts hides no tool. It is said where it is missing, and to operators why.
#[tokio::test]
async fn a_broken_list_hides_nothing_else() {
    let (_ostia, control, endpoint) = start().await;
    let offer = json!({
        "tools": [[tool("works")]],
        "prompts": "fail",
        "resources": [[{"name": "r", "uri": "a:b"}]],
    });
    lister("half", &offer).add(&control).await;
    let endpoint = endpoint.at("half");
    assert_eq!(
        names(&endpoint, "tools/list", "tools", "name").await,
        ["works"]
    );
    assert_eq!(
        names(&endpoint, "resources/list", "resources", "uri").await,
        ["a:b"]
    );
    let missing = |listed: &Value| listed["_meta"]["dev.ostia/missing"].clone();
    let prompts = ask(&endpoint, "prompts/list", json!({})).await;
    assert_eq!(missing(&prompts)[0]["upstream"], "half", "{prompts:#}");
    let tools = ask(&endpoint, "tools/list", json!({})).await;
    assert_eq!(missing(&tools), Value::Null);
    let problem = problem(&control, "half").await;
    assert!(
        problem.contains("prompts/list") && problem.contains("broken"),
        "{problem}"
    );
}

/// A server that goes on for ever costs no more memory than a list may.
#[tokio::test]
async fn a_list_without_an_end_is_not_read_to_it() {
    let (_ostia, control, endpoint) = start().await;
    let offer = json!({"tools": [[tool("works")]], "resources": "endless"});
    lister("endless", &offer).add(&control).await;
    let problem = problem(&control, "endless").await;
    assert!(problem.contains("larger than 16 MiB"), "{problem}");
    let call = modern::call(&endpoint, "endless__works", &json!({}));
    assert_eq!(call.send().await.first_text(), "works");
}

/// What was known of an upstream is served until something else is.
#[tokio::test]
async fn an_upstream_that_starts_no_more_stays_listed() {
    let (mut ostia, control, endpoint) = start().await;
    let once = ostia.data_dir().join("started");
    let offer = json!({"tools": [[tool("works")]], "once": once.to_str().expect("UTF-8")});
    lister("once", &offer).add(&control).await;
    ostia.restart().await;
    let problem = problem(&control, "once").await;
    assert!(!problem.is_empty());
    let listed = names(&endpoint, "tools/list", "tools", "name").await;
    assert!(listed.contains(&"once__works".to_owned()), "{listed:?}");
}

/// Two apps with one URI are two resources at `/mcp`, and each tool names its own.
#[tokio::test]
async fn pages_of_apps_are_told_apart() {
    let (ostia, control, endpoint) = start().await;
    let offer = json!({
        "tools": [[{
            "name": "show", "inputSchema": {"type": "object"},
            "_meta": {"ui": {"resourceUri": "ui://app/page"}},
        }]],
        "resources": [[{"name": "page", "uri": "ui://app/page"}]],
    });
    for name in ["one", "two"] {
        lister(name, &offer).add(&control).await;
    }
    let listed = ask(&endpoint, "tools/list", json!({})).await;
    let tools = listed["tools"].as_array().expect("tools").iter();
    let pages: Vec<_> = tools
        .filter_map(|tool| tool["_meta"]["ui"]["resourceUri"].as_str())
        .collect();
    assert_eq!(pages, ["ui://one+app/page", "ui://two+app/page"]);
    let uris = names(&endpoint, "resources/list", "resources", "uri").await;
    assert_eq!(uris, pages);
    // Also one that no list has: servers link to some in results.
    for uri in [
        "ui://one+app/page",
        "ui://two+app/page",
        "ui://two+app/unlisted",
    ] {
        let read = ask(&endpoint, "resources/read", json!({"uri": uri})).await;
        let own = uri.replace("one+", "").replace("two+", "");
        assert_eq!(read["contents"][0]["text"], own);
    }
    // By the upstream's own name where that says enough: not for this key, but for one that sees one.
    let own = json!({"uri": "ui://app/page"});
    let ambiguous = modern::request(&endpoint, 1, "resources/read", &own);
    assert_eq!(ambiguous.send().await.refusal().2, "resource-unavailable");
    let only_two = control::everything_of(&["two"]);
    let key = control::key(&control, "two", only_two).await.secret;
    let narrow = Endpoint::new(&ostia.mcp_url, &key);
    let read = ask(&narrow, "resources/read", own.clone()).await;
    assert_eq!(read["contents"][0]["text"], "ui://app/page");
    // At the upstream's own endpoint everything is as the upstream calls it.
    let read = ask(&endpoint.at("one"), "resources/read", own).await;
    assert_eq!(read["contents"][0]["text"], "ui://app/page");
    let listed = ask(&endpoint.at("one"), "tools/list", json!({})).await;
    let page = &listed["tools"][0]["_meta"]["ui"]["resourceUri"];
    assert_eq!(page, "ui://app/page");
}

/// At `/mcp` each upstream's instructions stand under its name, as far as there is room; at an upstream's
/// own endpoint it introduces itself.
#[tokio::test]
async fn instructions_are_merged_within_a_bound() {
    let (_ostia, control, endpoint) = start().await;
    for (name, text) in [("brief", "Be brief."), ("long", &"x".repeat(9 << 10))] {
        let offer = json!({"tools": [[tool("t")]], "instructions": text});
        lister(name, &offer).add(&control).await;
    }
    let everything = ask(&endpoint, "server/discover", json!({})).await;
    let merged = everything["instructions"].as_str().expect("instructions");
    assert!(merged.contains("# brief\n\nBe brief."), "{merged}");
    assert!(merged.ends_with("too long to be here: long"), "{merged}");
    assert!(merged.len() < 9 << 10);
    let info =
        |introduced: &Value| introduced["_meta"]["io.modelcontextprotocol/serverInfo"].clone();
    assert_eq!(info(&everything)["name"], "ostia");
    let own = ask(&endpoint.at("brief"), "server/discover", json!({})).await;
    assert_eq!(own["instructions"], "Be brief.");
    assert_eq!(
        info(&own),
        json!({"name": "lister", "version": "7", "title": "Lists things"})
    );
    // It cannot tell of changes of a resource, so nobody is told that it can.
    assert_eq!(own["capabilities"]["resources"], Value::Null);
}
