//! What people see: lists that fit, and nothing that others chose to do to a terminal.

use crate::harness::{
    command::verbs,
    control::{self, everything_of},
    mcp::{Endpoint, legacy, modern},
    ostia::Ostia,
    wait,
};
use serde_json::json;
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// What most terminals begin with.
const COLUMNS: usize = 80;
/// As long as names may be, and of characters that take two columns.
const LONG: &str = "名前";

/// Lists that are called otherwise.
const LISTS: [&[&str]; 7] = [
    &["audit", "list", "--limit", "50"],
    &["policies", "presets"],
    &["policies", "versions", "all"],
    &["upstreams", "pools"],
    &["upstreams", "tools", "filesystem-of-the-test-systems-2"],
    &[
        "usage",
        "summary",
        "--by",
        "key,user,upstream,tool,outcome",
        "--bucket",
        "day",
    ],
    &["vault", "status"],
];

/// Two upstreams whose names differ at their ends, and something of everything with the longest names.
async fn furnished() -> Ostia {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    control::policy(&control, "all", everything_of(&["*"])).await;
    let name = LONG.repeat(50);
    for upstream in [
        "filesystem-of-the-test-systems-1",
        "filesystem-of-the-test-systems-2",
    ] {
        let target = format!("/srv/{}", "a".repeat(90));
        let add = [
            "upstreams",
            "add",
            upstream,
            "--",
            "no-such-program",
            &target,
        ];
        ostia.cli(&add).await.ok();
    }
    for args in [
        &["users", "create", &name][..],
        &["plans", "create", &name, "--calls-per-month", "100000000"],
        &[
            "groups", "create", &name, "--plan", &name, "--member", &name,
        ],
        &[
            "bundles",
            "create",
            "a-bundle-whose-name-is-32-letter",
            "--include",
            "*",
        ],
        &["policies", "create", &name, "--preset", "github-read-only"],
        &["users", "update", &name, "--policy", "all"],
        &["keys", "create", &name, "--owner", &name, "--policy", "all"],
        &["prices", "set", "demo.*", "0.1", "EUR"],
    ] {
        ostia.cli(args).await.ok();
    }
    ostia
}

#[tokio::test]
async fn every_list_fits_a_terminal() {
    let ostia = furnished().await;
    let made = ostia
        .cli(&["keys", "create", "agent", "--policy", "all"])
        .await;
    let key = made.ok().json()["secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    let call = modern::call(
        &Endpoint::new(&ostia.mcp_url, &key),
        "demo__echo",
        &json!({"message": "x"}),
    );
    call.send().await.result();
    recorded(&ostia).await;
    let mut lists: Vec<Vec<String>> = Vec::new();
    for noun in verbs(&[]).await {
        if verbs(&[&noun]).await.iter().any(|verb| verb == "list") {
            lists.push(vec![noun, "list".to_owned()]);
        }
    }
    assert!(lists.len() >= 10, "{lists:?}");
    lists.extend(LISTS.map(|list| list.iter().map(ToString::to_string).collect()));
    for list in &lists {
        let args: Vec<_> = list.iter().map(String::as_str).collect();
        let shown = ostia.shown_within(COLUMNS, &args).await.ok().stdout;
        assert!(!shown.trim().is_empty(), "{args:?}");
        for line in shown.lines() {
            assert!(
                line.width() <= COLUMNS,
                "{args:?} at {}:\n{shown}",
                line.width()
            );
        }
    }
    // What a row is about is whole, as long as there is anything else to cut.
    let shown = ostia.shown_within(COLUMNS, &["upstreams", "list"]).await;
    let shown = shown.ok().stdout;
    for name in [
        "filesystem-of-the-test-systems-1",
        "filesystem-of-the-test-systems-2",
    ] {
        assert!(shown.contains(name), "{shown}");
    }
}

/// A tool that nobody has, called what a row of audit looks like: with it anybody who has a key writes to the
/// terminal of an operator.
#[tokio::test]
async fn what_others_are_called_stays_within_its_line() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = control::master_key(&control, "agent").await;
    let row = "2026-11-21 10:00:00Z  user:admin  policies.update  all  ok  -";
    let tool = format!("x\n{row}\u{1b}[2J\u{9b}2J\u{7f}\u{202e}");
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    // The other era has the name in a header, too, which cannot hold all of it.
    let session = legacy::Session::open(&endpoint).await;
    session.call(&tool, &json!({})).await;
    recorded(&ostia).await;
    for args in [
        &["audit", "list"][..],
        &["audit", "tail"],
        &["usage", "list"],
        &["usage", "summary", "--by", "tool"],
        &["keys", "show", &tool],
        &["users", "show", &tool],
        &["policies", "test", "--key", "agent", "--tool", &tool],
    ] {
        let shown = ostia.shown(args).await;
        for said in [&shown.stdout, &shown.stderr] {
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!said.contains(steers), "{args:?}: {said:?}");
            assert!(
                !said.lines().any(|line| line.starts_with(row)),
                "{args:?}: {said}"
            );
        }
    }
    let listed = ostia.shown(&["audit", "list"]).await.ok().stdout;
    assert!(listed.contains("x\\n2026-11-21"), "{listed}");
    assert!(listed.contains("\\u{1b}[2J"), "{listed}");
    // Programs get what was said.
    let listed = ostia.cli(&["audit", "list"]).await.ok().json();
    let targets = super::texts(&listed, "target");
    assert!(targets.contains(&tool.as_str()), "{targets:?}");
}

/// Until a call is in audit.
async fn recorded(ostia: &Ostia) {
    let recorded = wait::until(Duration::from_secs(20), "the call is in audit", || async {
        let listed = ostia
            .cli(&["audit", "list", "--action", "tools/call"])
            .await;
        match listed.ok().json().as_array().map(Vec::len) {
            Some(0) => Err("no call"),
            _ => Ok(()),
        }
    });
    recorded.await;
}
