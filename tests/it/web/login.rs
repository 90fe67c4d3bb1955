//! The login link: looking costs nothing, the form uses it up, and only our own form may.

use super::{open, send, visitor::Visitor};
use crate::harness::{http, ostia::Ostia};

#[tokio::test]
async fn looking_at_a_link_does_not_use_it_up() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    for _ in 0..3 {
        let page = open(&link).await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("<strong>admin</strong>"),
            "{}",
            page.body
        );
        assert!(page.body.contains(r#"method="post""#), "{}", page.body);
        // It lets other sites know nothing, and our own form say where it comes from.
        assert_eq!(page.header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn the_form_uses_the_link_up() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    let welcome = send(http::client().post(&link).header("origin", &ostia.web_url)).await;
    assert_eq!(welcome.status, 303);
    assert_eq!(welcome.header("location"), "/");
    assert!(welcome.header("set-cookie").starts_with("ostia="));

    for used in [open(&link).await, send(http::client().post(&link)).await] {
        assert_eq!(used.status, 404);
        assert!(used.body.contains("ostia login-link"), "{}", used.body);
    }
}

#[tokio::test]
async fn two_at_once_cannot_both_use_it() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    let post = || send(http::client().post(&link));
    let (a, b, c) = tokio::join!(post(), post(), post());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404]);
}

#[tokio::test]
async fn a_form_on_another_site_is_refused_and_costs_nothing() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let refused = send(http::client().post(&link).header(name, value)).await;
        assert_eq!(refused.status, 403, "{name}: {value}");
    }
    assert_eq!(open(&link).await.status, 200);
}

#[tokio::test]
async fn a_wrong_link_says_what_to_do() {
    let ostia = Ostia::start().await;
    for token in ["wrong", "%3Cscript%3E", &"x".repeat(5000)] {
        let page = open(&format!("{}/login/{token}", ostia.web_url)).await;
        assert_eq!(page.status, 404, "{token}");
        assert!(page.body.contains("ostia login-link"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_name_is_text_and_never_markup() {
    let ostia = Ostia::start().await;
    let hostile = "<b>\"x\"</b><script>";
    let args = ["users", "create", hostile, "--policy", "read-only"];
    ostia.cli(&args).await.ok();
    let link = ostia.cli(&["login-link", hostile]).await.ok().json();
    let link = link["login_url"].as_str().expect("a link").to_owned();
    let visitor = Visitor::of(&ostia.web_url);
    let confirm = visitor.open(&link).await;
    visitor.follow_login_link(&link).await;
    for page in [confirm, visitor.open("/").await] {
        assert_eq!(page.status, 200);
        assert!(page.body.contains("&lt;b&gt;"), "{}", page.body);
        assert!(!page.body.contains("<script>"), "{}", page.body);
    }
}
