//! The main way in a real browser.

use super::provider::{Setup, modules, node, script, start};
use crate::harness::command::{self, command};
use serde_json::json;
use std::path::Path;

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

async fn walk(setup: &Setup, javascript: &str) {
    let ops = json!({ "groups": ["gateway-ops"] });
    setup.provider.account("olga", &ops).await;
    let mut walk = command(node());
    walk.arg(script("sign-in.mjs"))
        .env("MODULES", modules())
        .env("CHROMIUM", browser())
        .env("WEB", &setup.ostia.web_url)
        .env("LINK", setup.ostia.login_link.as_ref().expect("a link"))
        .env("JAVASCRIPT", javascript);
    let walked = command::run(walk).await.ok();
    for seen in ["admin (administrator)", "olga (operator)"] {
        assert!(walked.stdout.contains(seen), "{walked:#?}");
    }
}

#[tokio::test]
async fn people_sign_in_and_out_with_javascript() {
    walk(&start().await, "yes").await;
}

#[tokio::test]
async fn people_sign_in_and_out_without_javascript() {
    walk(&start().await, "no").await;
}
