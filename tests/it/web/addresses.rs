//! Addresses that nobody was given: whatever is in them, the answer is a page.

use super::{member::NEW_KEY, visitor::Visitor};
use crate::harness::ostia::Ostia;
use reqwest::{Method, RequestBuilder};
use std::{collections::BTreeSet, fs, path::Path};

/// In place of each part of a path that has a name.
const PARTS: [&str; 8] = [
    "zz",
    "%FF",
    "%00",
    "%20",
    "..%2F..%2Fetc",
    "%F0%9F%94%91",
    "00000000-0000-0000-0000-000000000000",
    "%3Cscript%3E",
];
/// For each of the fields that queries have.
const VALUES: [&str; 3] = ["zz", "%FF%00", "-1"];
const FIELDS: [&str; 24] = [
    "action",
    "by",
    "code",
    "concern",
    "cursor",
    "days",
    "done",
    "error",
    "from",
    "key",
    "next",
    "outcome",
    "owner",
    "q",
    "return_to",
    "span",
    "state",
    "to",
    "tool",
    "transport",
    "upstream",
    "user",
    "whose",
    "role",
];
/// They end what this test goes on with.
const ENDING: [&str; 2] = ["/logout", "/sessions/end"];
/// What is no page, where its address is a good one.
const FILES: [&str; 4] = [
    "text/csv",
    "application/x-ndjson",
    "text/event-stream",
    "application/json",
];

#[tokio::test]
async fn whatever_they_say_the_answer_is_a_page() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let made = [&[("name", "one")], &NEW_KEY[..]].concat();
    assert_eq!(admin.submit("/keys", &made).await.status, 200);
    let long = "a".repeat(8_000);
    let mut walked = 0;
    for route in routes() {
        if route.contains('{') {
            for part in PARTS.into_iter().chain([&*long]) {
                let path = filled(&route, part);
                is_a_page(&admin, Method::GET, &path).await;
                is_a_page(&Visitor::of(&ostia.web_url), Method::GET, &path).await;
                walked += 1;
            }
            continue;
        }
        for value in VALUES {
            for field in FIELDS {
                is_a_page(&admin, Method::GET, &format!("{route}?{field}={value}")).await;
            }
            walked += 1;
        }
        for query in [
            "days=1&days=2&key=1&key=2&q=1&q=2&cursor=1&cursor=2",
            "%FF=%FF&&=",
            &long,
        ] {
            is_a_page(&admin, Method::GET, &format!("{route}?{query}")).await;
        }
    }
    assert!(walked > 250, "{walked}");
}

#[tokio::test]
async fn whatever_is_sent_there_the_answer_is_a_page() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let csrf = admin.csrf().await;
    for route in routes() {
        if ENDING.contains(&&*route) {
            continue;
        }
        for part in PARTS {
            let path = filled(&route, part);
            is_a_page(&admin, Method::POST, &path).await;
            let request = admin
                .request(Method::POST, &path)
                .header("origin", &ostia.web_url);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let body = format!("csrf={csrf}&name={part}&name=%FF&key={part}&tool={part}");
            judge(request.body(body), &format!("a form to {path}")).await;
            if !route.contains('{') {
                break;
            }
        }
    }
    assert!(admin.is_signed_in().await);
}

async fn is_a_page(visitor: &Visitor, method: Method, path: &str) {
    let said = format!("{method} {path}");
    judge(visitor.request(method, path), &said).await;
}

/// In the layout of all pages, or where one is.
async fn judge(request: RequestBuilder, what: &str) {
    let what: String = what.chars().take(200).collect();
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    assert!(status < 500, "{what}: {status}");
    if status == 303 {
        return;
    }
    let kind = answer.headers().get("content-type");
    let kind = kind
        .map_or("", |kind| kind.to_str().expect("ASCII"))
        .to_owned();
    if status == 200 && FILES.iter().any(|file| kind.starts_with(file)) {
        return;
    }
    assert!(kind.starts_with("text/html"), "{what}: {status} {kind:?}");
    let body = answer.text().await.expect("a body");
    for part in [
        "<!DOCTYPE html>",
        " · Ostia</title>",
        "class=\"brand\"",
        "<h1>",
    ] {
        assert!(body.contains(part), "no {part} for {what}: {status} {body}");
    }
    assert!(!body.contains("<script>"), "{what}: {body}");
}

fn filled(route: &str, part: &str) -> String {
    let parts = route
        .split('/')
        .map(|own| if own.starts_with('{') { part } else { own });
    parts.collect::<Vec<_>>().join("/")
}

/// Every route of the pages, as their sources have it: one that is new is walked as well.
pub(crate) fn routes() -> BTreeSet<String> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/src");
    let mut texts = vec![fs::read_to_string(web.join("lib.rs")).expect("a source")];
    read(&web.join("pages"), &mut texts);
    let mut routes = BTreeSet::new();
    let mut lists = Vec::new();
    for text in &texts {
        let after = text.split(".route(").skip(1);
        let literal = after.filter_map(|rest| rest.trim_start().strip_prefix('"'));
        routes.extend(literal.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        let list = text.split("const LIST: &'static str = \"").nth(1);
        lists.extend(list.and_then(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    assert!(lists.len() >= 4, "{lists:?}");
    for list in lists {
        for below in ["", "/new", "/{object}", "/{object}/delete"] {
            routes.insert(format!("{list}{below}"));
        }
    }
    assert!(routes.len() >= 70, "{routes:?}");
    routes
}

fn read(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, texts);
        } else {
            texts.push(fs::read_to_string(&path).expect("a source"));
        }
    }
}
