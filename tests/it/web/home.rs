//! The start page of somebody who is signed in.

use super::member::maria;

#[tokio::test]
async fn it_says_how_to_connect_what_there_is_and_how_much_is_left() {
    let member = maria().await;
    let page = member.visitor.open("/").await;
    assert_eq!(page.status, 200);
    for client in [
        "Claude Code",
        "Claude Desktop",
        "Cursor",
        "VS Code",
        "Codex",
        "Gemini CLI",
        "curl",
        "Python",
        "TypeScript",
    ] {
        page.shows(client);
    }
    page.shows(&format!(
        "claude mcp add --transport http ostia {}",
        member.ostia.mcp_url
    ));
    page.shows("First, make a key");
    page.shows("of 1,000, renewed ");
    page.shows("<a href=\"/tools?upstream=demo\">demo</a>");
    page.shows("Works");
    member.make_key("laptop", &[]).await;
    member.visitor.open("/").await.hides("First, make a key");
}

#[tokio::test]
async fn the_keyboard_gets_past_the_menu_and_to_where_one_is() {
    let member = maria().await;
    for (path, current) in [
        ("/", "/"),
        ("/keys", "/keys"),
        ("/usage", "/usage"),
        ("/tools", "/tools"),
    ] {
        let page = member.visitor.open(path).await;
        page.shows("<a href=\"#main\" class=\"skip\">");
        page.shows("id=\"main\"");
        page.shows(&format!("<a href=\"{current}\" aria-current=\"page\">"));
        assert_eq!(page.body.matches("aria-current").count(), 1, "{path}");
        page.hides("href=\"/settings\"");
    }
}
