//! What people do, in a real browser, with and without JavaScript.

use super::provider::{Setup, modules, node, script, start};
use crate::{
    harness::{
        command::{self, Finished, command},
        ostia::Ostia,
    },
    peers::installed,
};
use serde_json::json;
use std::path::Path;
use tokio::process::Command;

/// Debian's, and what others call theirs.
const BROWSERS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

fn browser() -> &'static str {
    let found = BROWSERS.into_iter().find(|path| Path::new(path).exists());
    found.expect("Chromium is missing: run `./test install`, or `./test browser`, which does both")
}

/// A script of `tests/browser/`, with what all of them want.
pub(super) fn driver(name: &str, ostia: &Ostia) -> Command {
    let mut driver = command(node());
    driver
        .arg(script(name))
        .env("MODULES", modules())
        .env("CHROMIUM", browser())
        .env("WEB", &ostia.web_url);
    driver
}

/// `olga`, an operator, and `ada`, an administrator, as the provider has them, and `mia`, a member who may use
/// the demo.
async fn people() -> Setup {
    let setup = start().await;
    for (name, group) in [
        ("olga", "gateway-ops"),
        ("ada", "gateway-admins"),
        ("mia", "staff"),
    ] {
        let claims = json!({ "groups": [group] });
        setup.provider.account(name, &claims).await;
    }
    let demo = ["policies", "create", "demo", "--allow", "demo.*"];
    setup.ostia.cli(&demo).await.ok();
    let staff = ["groups", "create", "staff", "--policy", "demo"];
    setup.ostia.cli(&staff).await.ok();
    setup
}

/// Calls are made by the official SDK, and the server that is added is one that others wrote.
async fn journey(name: &str, javascript: &str) -> Finished {
    let setup = people().await;
    let mut journey = driver(name, &setup.ostia);
    journey
        .env("JAVASCRIPT", javascript)
        .env("MCP", &setup.ostia.mcp_url)
        .env("SDK", installed::sdks())
        .env("NODE", installed::node())
        .env("EVERYTHING", installed::everything())
        .env("LINK", setup.ostia.login_link.as_ref().expect("a link"));
    command::run(journey).await.ok()
}

async fn sign_in(javascript: &str) {
    let walked = journey("sign-in.mjs", javascript).await;
    for seen in ["admin (administrator)", "olga (operator)"] {
        assert!(walked.stdout.contains(seen), "{walked:#?}");
    }
}

#[tokio::test]
async fn people_sign_in_and_out_with_javascript() {
    sign_in("yes").await;
}

#[tokio::test]
async fn people_sign_in_and_out_without_javascript() {
    sign_in("no").await;
}

async fn member(javascript: &str) {
    let walked = journey("member.mjs", javascript).await;
    for seen in [
        "it is made",
        "it is seen as it happens",
        "it is rotated",
        "it is revoked",
        "in audit",
    ] {
        assert!(walked.stdout.contains(seen), "{walked:#?}");
    }
}

#[tokio::test]
async fn a_member_makes_uses_rotates_and_revokes_a_key_with_javascript() {
    member("yes").await;
}

#[tokio::test]
async fn a_member_makes_uses_rotates_and_revokes_a_key_without_javascript() {
    member("no").await;
}

async fn operator(javascript: &str) {
    let walked = journey("operator.mjs", javascript).await;
    for seen in ["it is added", "it may be called", "in audit"] {
        assert!(walked.stdout.contains(seen), "{walked:#?}");
    }
}

#[tokio::test]
async fn an_operator_adds_a_server_and_gives_it_to_a_member_with_javascript() {
    operator("yes").await;
}

#[tokio::test]
async fn an_operator_adds_a_server_and_gives_it_to_a_member_without_javascript() {
    operator("no").await;
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    let walked = journey("keyboard.mjs", "yes").await;
    assert!(
        walked.stdout.contains("made with keys alone"),
        "{walked:#?}"
    );
}

#[tokio::test]
async fn what_others_try_with_a_browser_is_refused() {
    let walked = journey("refusals.mjs", "yes").await;
    for seen in [
        "a link that was used",
        "a form of another site",
        "a cookie that was copied",
    ] {
        assert!(walked.stdout.contains(seen), "{walked:#?}");
    }
}
