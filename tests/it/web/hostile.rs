//! Text from upstreams, users, clients and tools is text, on every page that shows it.

mod scene;

use super::{Page, audit::ids, live::Stream, markup::harmless, member::NEW_KEY, visitor::Visitor};
use crate::harness::{
    environment,
    upstreams::{self, python},
    wait,
};
use reqwest::Method;
use scene::{Scene, scene};
use serde_json::json;
use std::time::Duration;

/// Writes its argument to stderr, and ends.
const WRITES: &str = "import sys\nprint(sys.argv[1], file=sys.stderr)";

/// Gets out of text, attributes, titles and text areas wherever nobody escapes it, and turns the direction of
/// what comes after. Names have 100 characters.
const NAME: &str = "\"'></textarea></title><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\" onfocus=\"x";
const AS_TEXT: &str = "&lt;script&gt;alert(1)";
/// In an address.
const QUERY: &str = "%22%3E%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%20onfocus%3D%22x";

/// A pattern of tools has no white space; neither do browsers need any.
fn pattern() -> String {
    NAME.replace(' ', "/")
}

/// What is longer than a name: with an address that runs something, a NUL, and more than fits anywhere.
fn text() -> String {
    format!("{NAME} javascript:alert(4) \0 {}", "long ".repeat(2_000))
}

/// Opens pages: those marked have hostile text, and all have it as text.
async fn walk(visitor: &Visitor, paths: &[(&str, bool)]) {
    let mut missed = Vec::new();
    for (path, shown) in paths {
        let page = visitor.open(path).await;
        assert!(page.status < 500, "{path}: {}", page.status);
        if *shown != judged(path, &page) {
            missed.push(path);
        }
    }
    assert!(
        missed.is_empty(),
        "whether it is there is wrong of {missed:#?}"
    );
}

/// Whether hostile text is there; it is text.
#[track_caller]
fn judged(what: &str, page: &Page) -> bool {
    harmless(what, page);
    page.body.contains(AS_TEXT)
}

#[tokio::test]
async fn on_pages_of_members() {
    let scene = scene().await;
    let Scene { member, key, .. } = &scene;
    let key = key.as_str();
    let visitor = &member.visitor;
    assert!(judged("the page with the new key", &scene.made));
    // A browser says what it likes of itself, in ASCII.
    let other = Visitor::signed_in(&member.ostia, &member.id).await;
    let agent = NAME.replace('\u{202e}', "");
    let first = other.request(Method::GET, "/").header("user-agent", agent);
    other.send(first).await;
    let paths = [
        ("/sessions".to_owned(), true),
        ("/".to_owned(), true),
        ("/keys".to_owned(), true),
        ("/keys/new".to_owned(), true),
        (format!("/keys/{key}"), true),
        (format!("/keys/{key}/edit"), true),
        (format!("/keys/{key}/changes"), true),
        (format!("/keys?done={QUERY}"), true),
        ("/usage".to_owned(), true),
        (format!("/usage?tool={QUERY}&upstream={QUERY}"), true),
        ("/live".to_owned(), true),
        (format!("/live?tool={QUERY}&upstream={QUERY}"), true),
        (format!("/live?key={QUERY}"), true),
        ("/tools".to_owned(), true),
        (format!("/tools?q={QUERY}"), true),
        ("/try".to_owned(), true),
        (format!("/try?key={key}"), true),
        (format!("/try?key={key}&tool=evil__attack"), true),
        (format!("/try?key={key}&tool={QUERY}"), true),
        (format!("/{QUERY}"), true),
    ];
    let paths: Vec<_> = paths
        .iter()
        .map(|(path, shown)| (&**path, *shown))
        .collect();
    walk(visitor, &paths).await;

    let refused = [
        &NEW_KEY[..],
        &[
            ("name", NAME),
            ("networks", NAME),
            ("window", NAME),
            ("calls_per_month", NAME),
        ],
    ]
    .concat();
    assert!(judged("refused", &visitor.submit("/keys", &refused).await));
    let revoke = format!("/keys/{key}/revoke");
    let unconfirmed = visitor.submit(&revoke, &[("confirm", &NAME[1..])]).await;
    assert!(judged("unconfirmed", &unconfirmed));
    let called = [
        ("key", key),
        ("tool", "evil__attack"),
        ("raw", NAME),
        ("arg:json", NAME),
    ];
    assert!(judged("called", &visitor.submit("/try", &called).await));
}

#[tokio::test]
async fn on_pages_of_operators() {
    let scene = scene().await;
    let admin = &scene.admin;
    let policies = admin.open("/policies").await;
    let policy = policies.between("href=\"/policies/", "\" class=\"first");
    let paths = [
        ("/".to_owned(), false),
        ("/live".to_owned(), true),
        (format!("/live?user={QUERY}"), true),
        ("/usage?whose=everybody".to_owned(), true),
        (format!("/usage?whose=everybody&tool={QUERY}"), true),
        ("/prices".to_owned(), false),
        ("/overview".to_owned(), true),
        (format!("/overview?span={QUERY}"), true),
        ("/upstreams".to_owned(), true),
        (format!("/upstreams?done={QUERY}"), true),
        (format!("/upstreams/{}", scene.upstream), true),
        (format!("/upstreams/{}/edit", scene.upstream), true),
        ("/policies".to_owned(), true),
        (format!("/policies/{policy}"), true),
        (format!("/policies/{policy}/edit"), true),
        (format!("/policies/{policy}/affected"), true),
        (format!("/policies/test?key={QUERY}&tool={QUERY}"), true),
        ("/bundles".to_owned(), true),
        (format!("/bundles/{}", scene.bundle), true),
        ("/groups".to_owned(), true),
        (format!("/groups/{}", scene.group), true),
        ("/plans".to_owned(), true),
        (format!("/plans/{}", scene.plan), true),
        ("/all-keys".to_owned(), true),
        (format!("/all-keys?owner={QUERY}&concern={QUERY}"), true),
        ("/users".to_owned(), true),
        ("/users/new".to_owned(), true),
        (format!("/users/{}", scene.member.id), true),
        ("/service-accounts".to_owned(), true),
        (format!("/users/{}", scene.account), true),
        (format!("/keys/{}", scene.key), true),
        (format!("/keys/{}/changes", scene.key), true),
        ("/audit".to_owned(), true),
        (
            format!("/audit?tool={QUERY}&from={QUERY}&action={QUERY}"),
            true,
        ),
        ("/audit/chains".to_owned(), false),
        ("/settings".to_owned(), false),
    ];
    let paths: Vec<_> = paths
        .iter()
        .map(|(path, shown)| (&**path, *shown))
        .collect();
    walk(admin, &paths).await;

    // Every kind of event, by itself: what was changed, and what was called.
    let mut cursor = String::new();
    let mut events = Vec::new();
    loop {
        let list = admin.open(&format!("/audit?{cursor}")).await;
        events.extend(ids(&list));
        if !list.body.contains("rel=\"next\"") {
            break;
        }
        let next = list.between("href=\"/audit?", "\" rel=\"next\"");
        cursor = next.replace("&amp;", "&");
    }
    let mut seen = 0;
    for event in events {
        let page = admin.open(&format!("/audit/{event}")).await;
        seen += usize::from(judged(&format!("/audit/{event}"), &page));
    }
    assert!(seen >= 8, "{seen}");
}

#[tokio::test]
async fn in_forms_that_come_back() {
    let scene = scene().await;
    let admin = &scene.admin;
    let chosen = [("key", scene.key.as_str())];
    let ask = admin.submit("/all-keys/revoke", &chosen).await;
    assert!(judged("what is to be revoked", &ask));
    // What is pasted may have secrets, so that it does not come back.
    let pasted = admin.submit("/upstreams/import", &[("text", NAME)]).await;
    assert!(!judged("what was pasted", &pasted));
    let file = json!({"mcpServers": {NAME: {"command": NAME, "args": [NAME]}}}).to_string();
    let forms = [
        (
            "/upstreams/new",
            vec![
                ("transport", "stdio"),
                ("name", NAME),
                ("program", NAME),
                ("args", NAME),
            ],
        ),
        (
            "/upstreams/new",
            vec![("transport", "http"), ("name", NAME), ("url", NAME)],
        ),
        ("/upstreams/import", vec![("text", file.as_str())]),
        (
            "/policies",
            vec![
                ("name", NAME),
                ("source", "rules"),
                ("allow", NAME),
                ("deny", NAME),
                ("arguments-rows", "1"),
                ("arguments-0-argument", NAME),
                ("arguments-0-regex", NAME),
            ],
        ),
        (
            "/bundles/new",
            vec![
                ("name", NAME),
                ("include", NAME),
                ("overrides-rows", "1"),
                ("overrides-0-tool", NAME),
                ("overrides-0-name", NAME),
            ],
        ),
        (
            "/groups/new",
            vec![("name", NAME), ("policy", NAME), ("member", NAME)],
        ),
        (
            "/plans/new",
            vec![("name", NAME), ("calls_per_minute", NAME)],
        ),
        (
            "/prices/new",
            vec![("tools", NAME), ("amount", NAME), ("currency", NAME)],
        ),
        ("/users/new", vec![("name", NAME), ("role", NAME)]),
        (
            "/service-accounts/new",
            vec![("name", NAME), ("role", NAME)],
        ),
        (
            "/policies/test",
            vec![("key", NAME), ("tool", NAME), ("arguments", NAME)],
        ),
    ];
    for (path, fields) in forms {
        let page = admin.submit(path, &fields).await;
        assert!(page.status < 500, "{path}: {}", page.status);
        assert!(judged(path, &page), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn in_what_workers_write_and_in_what_a_trial_finds() {
    let scene = scene().await;
    let admin = &scene.admin;
    upstreams::program("loud", python(), &["-c", WRITES, NAME])
        .define(&scene.member.control)
        .await;
    let output = "/upstreams/loud/output";
    let written = wait::until(Duration::from_secs(30), "it has written", || async {
        let page = admin.open(output).await;
        let there = page.body.contains("<tr data-id=");
        there.then_some(page).ok_or("no line")
    });
    assert!(judged(output, &written.await.0));
    let mut stream = Stream::at(admin, &format!("{output}/lines")).await;
    let heard = stream.until("</tr>").await;
    assert!(heard.contains(AS_TEXT), "{heard}");
    for raw in ["<script", "<img", "</textarea>"] {
        assert!(!heard.contains(raw), "{raw} in {heard}");
    }

    let script = environment::repository().join("tests/peers/lister.py");
    let script = script.to_str().expect("UTF-8");
    let tool = json!({
        "name": pattern(), "title": text(), "description": text(),
        "inputSchema": {"type": "object", "title": text()}, "annotations": {"title": text()},
    });
    let offer = json!({"tools": [[tool]], "instructions": NAME}).to_string();
    let listing = serde_json::to_string(&["-B", script, &offer]).expect("JSON");
    let writing = serde_json::to_string(&["-c", WRITES, NAME]).expect("JSON");
    for (what, args) in [("what it lists", listing), ("what it writes", writing)] {
        let fields = [
            ("transport", "stdio"),
            ("probe", "yes"),
            ("name", "tried"),
            ("program", python()),
            ("args", &args),
        ];
        let page = admin.submit("/upstreams/new", &fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Tested by the edge"), "{}", page.body);
        let (_, outcome) = page.body.split_once("class=\"notice").expect("a notice");
        let (outcome, _) = outcome.split_once("<form").expect("the form after it");
        assert!(judged(what, &page), "{what}");
        assert!(outcome.contains(AS_TEXT), "{what}: {outcome}");
    }
}
