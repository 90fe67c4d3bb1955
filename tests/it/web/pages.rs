//! What every page has.

use super::{open, visitor::Visitor};
use crate::harness::ostia::Ostia;

#[tokio::test]
async fn the_start_page_says_where_clients_connect_and_how_to_sign_in() {
    let ostia = Ostia::start().await;
    let page = open(&ostia.web_url).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&ostia.mcp_url), "{}", page.body);
    assert!(page.body.contains(r#"href="/login""#), "{}", page.body);
    let sign_in = open(&format!("{}/login", ostia.web_url)).await;
    assert!(
        sign_in.body.contains("ostia login-link"),
        "{}",
        sign_in.body
    );
    assert!(
        page.body
            .contains("<title>One door to every MCP server · Ostia</title>")
    );
}

#[tokio::test]
async fn no_page_allows_scripts_or_is_kept() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    let elsewhere = format!("{}/nowhere", ostia.web_url);
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let sign_in = format!("{}/login", ostia.web_url);
    let mut pages = Vec::new();
    for url in [&ostia.web_url, &link, &elsewhere, &sign_in] {
        pages.push((url.as_str(), open(url).await));
    }
    for path in ["/", "/nowhere", "/settings"] {
        pages.push((path, admin.open(path).await));
    }
    for (url, page) in pages {
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(
                policy.contains(part),
                "{part} is not in {policy:?} of {url}"
            );
        }
        assert!(!policy.contains("unsafe"), "{policy:?}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        for raw in ["<script", "<style", " style=", "onclick"] {
            assert!(!page.body.contains(raw), "{raw} on {url}");
        }
    }
    assert_eq!(open(&elsewhere).await.status, 404);
}

#[tokio::test]
async fn the_stylesheet_is_served() {
    let ostia = Ostia::start().await;
    let sheet = open(&format!("{}/assets/ostia.css", ostia.web_url)).await;
    assert_eq!(sheet.status, 200);
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert!(sheet.body.contains("prefers-color-scheme: dark"));
}
