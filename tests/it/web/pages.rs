//! What every page has.

use super::{open, visitor::Visitor};
use crate::harness::ostia::Ostia;
use ostia_domain::code::Code;
use reqwest::Method;
use std::collections::HashSet;

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
async fn no_page_allows_foreign_or_inline_code_or_is_kept() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    let elsewhere = format!("{}/nowhere", ostia.web_url);
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let sign_in = format!("{}/login", ostia.web_url);
    let mut pages = Vec::new();
    for url in [&ostia.web_url, &link, &elsewhere, &sign_in] {
        pages.push((url.as_str(), open(url).await));
    }
    for path in [
        "/",
        "/nowhere",
        "/settings",
        "/keys",
        "/keys/new",
        "/usage",
        "/usage?whose=everybody",
        "/prices",
        "/prices/new",
        "/sessions",
        "/live",
        "/tools",
        "/try",
        "/overview",
        "/audit",
        "/audit/chains",
        "/upstreams",
        "/upstreams/demo",
        "/upstreams/demo/edit",
        "/upstreams/demo/output",
        "/upstreams/new?transport=http",
        "/upstreams/import",
    ] {
        pages.push((path, admin.open(path).await));
    }
    for (url, page) in pages {
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
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
        // Two pages go on by themselves, and only there may a script ask for anything.
        assert_eq!(
            policy.contains("connect-src 'self'"),
            ["/live", "/upstreams/demo/output"].contains(&url),
            "{url}"
        );
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        for raw in ["<style", " style=", "onclick", "javascript:", "//cdn"] {
            assert!(!page.body.contains(raw), "{raw} on {url}");
        }
        // The one script is a file of ours, and nothing is written into its element.
        let own = page.body.matches("<script src=\"/assets/ostia-").count();
        assert_eq!((own, page.body.matches("<script").count()), (1, 1), "{url}");
        assert!(page.body.contains(".js\" defer></script>"), "{url}");
    }
    assert_eq!(open(&elsewhere).await.status, 404);
}

/// Their addresses change with what is in them, so browsers need never ask again.
#[tokio::test]
async fn files_are_kept_for_ever() {
    let ostia = Ostia::start().await;
    let page = open(&ostia.web_url).await;
    let style = page.between("<link rel=\"stylesheet\" href=\"", "\"");
    let script = page.between("<script src=\"", "\"");
    for (path, kind, has) in [
        (
            &style,
            "text/css; charset=utf-8",
            "prefers-color-scheme: dark",
        ),
        (&script, "text/javascript; charset=utf-8", "data-copy"),
    ] {
        let file = open(&format!("{}{path}", ostia.web_url)).await;
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(file.header("content-type"), kind);
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert!(file.body.contains(has), "{path}");
    }
    let other = style.replace("ostia-", "ostia-0");
    assert_eq!(open(&format!("{}{other}", ostia.web_url)).await.status, 404);
}

/// How long a compressed page is says something about what is in it, so nothing secret is in two pages in the
/// same words.
#[tokio::test]
async fn pages_are_compressed_and_no_two_forms_have_the_same_token() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let plain = admin.open("/keys/new").await;
    assert_eq!(plain.header("content-encoding"), "");
    let request = admin.request(Method::GET, "/keys/new");
    let answer = request.header("accept-encoding", "gzip").send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.headers()["vary"], "accept-encoding");
    let compressed = answer.bytes().await.expect("a body");
    assert!(
        compressed.len() * 3 < plain.body.len(),
        "{}",
        compressed.len()
    );

    let mut tokens = HashSet::new();
    for page in ["/", "/keys/new", "/", "/policies/new"] {
        let body = admin.open(page).await.body;
        let values = body.split(r#"name="csrf" value=""#).skip(1);
        let values = values.filter_map(|rest| rest.split('"').next());
        for token in values {
            assert!(token.len() > 80, "{token}");
            assert!(tokens.insert(token.to_owned()), "twice: {token}");
        }
    }
    assert!(tokens.len() >= 4, "{tokens:?}");
    for token in tokens {
        let fields = [("csrf", &*token), ("name", "")];
        let answer = admin.submit_as_is("/keys", &fields).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
}

/// What `type` of a problem document leads to, for whoever follows it.
#[tokio::test]
async fn every_error_has_its_page_and_nobody_has_to_sign_in() {
    let ostia = Ostia::start().await;
    let index = open(&format!("{}/docs/errors", ostia.web_url)).await;
    assert_eq!(index.status, 200);
    for code in Code::ALL {
        let path = format!("/docs/errors/{}", code.as_str());
        assert!(index.body.contains(&format!(r#"href="{path}""#)), "{path}");
        let page = open(&format!("{}{path}", ostia.web_url)).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("<h2>What to do</h2>"), "{}", page.body);
    }
    let page = open(&format!("{}/docs/errors/key-missing", ostia.web_url)).await;
    let shown = "<strong>Caller</strong>: send the key as <code>Authorization: Bearer";
    assert!(page.body.contains(shown), "{}", page.body);
    let unknown = open(&format!("{}/docs/errors/nothing", ostia.web_url)).await;
    assert_eq!(unknown.status, 404);
}
