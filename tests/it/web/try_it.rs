//! The console: calls through the edge with the caller's own rights.

use super::{
    member::{Member, maria},
    operators::refused,
};
use ostia_proto::v1;

async fn events(member: &Member, action: &str) -> Vec<v1::AuditEvent> {
    let request = v1::ListEventsRequest {
        action: Some(action.to_owned()),
        ..v1::ListEventsRequest::default()
    };
    let events = member.control.audit().list_events(request).await;
    events.expect("events").into_inner().events
}

#[tokio::test]
async fn a_tool_is_called_with_what_the_form_says() {
    let member = maria().await;
    let (_, id) = member.make_key("laptop", &[]).await;
    let list = member.visitor.open("/try").await;
    assert_eq!(list.status, 200);
    list.shows(&format!("/try?key={id}&amp;tool=demo__add"));
    let form = member
        .visitor
        .open(&format!("/try?key={id}&tool=demo.add"))
        .await;
    form.shows("name=\"arg:a\"");
    form.shows("name=\"arg:b\"");
    let fields = [
        ("key", &*id),
        ("tool", "demo__add"),
        ("arg:a", "2"),
        ("arg:b", "40"),
    ];
    let page = member.visitor.submit("/try", &fields).await;
    assert_eq!(page.status, 200);
    page.shows("<code>42</code>");
    page.shows("mcp-method: tools/call");
    page.shows("HTTP/1.1 200");
    page.hides("ost_at_");
    let raw = [
        ("key", &*id),
        ("tool", "demo__echo"),
        ("raw", "{\"message\": \"raw\"}"),
    ];
    member
        .visitor
        .submit("/try", &raw)
        .await
        .shows("<code>raw</code>");

    let issued = events(&member, "keys.issue_token").await;
    assert!(
        issued.iter().all(|event| event.actor == "user:maria"),
        "{issued:?}"
    );
    assert!(!issued.is_empty());
}

#[tokio::test]
async fn a_wrong_argument_stands_beside_its_field() {
    let member = maria().await;
    let (_, id) = member.make_key("laptop", &[]).await;
    let fields = [
        ("key", &*id),
        ("tool", "demo__add"),
        ("arg:a", "two"),
        ("arg:b", "40"),
    ];
    let page = member.visitor.submit("/try", &fields).await;
    assert_eq!(page.status, 422);
    page.shows("is not a number");
    page.shows("value=\"two\"");
    page.shows("value=\"40\"");
    page.hides("What came back");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_said_beside_its_field() {
    let member = maria().await;
    member.make_key("laptop", &[]).await;
    for gone in ["zz", "00000000-0000-0000-0000-000000000000", "%00"] {
        let page = member.visitor.open(&format!("/try?key={gone}")).await;
        refused(&page, "key", "there is no such key of yours");
        page.shows("demo__add");
    }
    // Nothing is called with another one instead.
    let fields = [
        ("key", "zz"),
        ("tool", "demo__echo"),
        ("arg:message", "hello"),
    ];
    assert_eq!(member.visitor.submit("/try", &fields).await.status, 404);
}

/// The key decides, not who owns it.
#[tokio::test]
async fn a_narrow_key_is_narrow_here_too() {
    let member = maria().await;
    let fields = [("name", "one"), ("scope", "picked"), ("tool", "demo.echo")];
    let page = member.visitor.submit("/keys", &fields).await;
    let id = page.between("href=\"/keys/", "\" class=\"button\">I have");
    let list = member.visitor.open(&format!("/try?key={id}")).await;
    list.shows("demo__echo");
    list.hides("demo__add");
    let fields = [("key", &*id), ("tool", "demo__add"), ("raw", "{}")];
    assert_eq!(member.visitor.submit("/try", &fields).await.status, 404);
    let asked = member
        .visitor
        .open(&format!("/try?key={id}&tool=demo.add"))
        .await;
    asked.shows("This key may not use demo.add");
}

#[tokio::test]
async fn a_key_that_does_not_work_calls_nothing() {
    let member = maria().await;
    member.visitor.open("/try").await.shows("First, make a key");
    let (_, id) = member.make_key("laptop", &[]).await;
    member
        .visitor
        .submit(&format!("/keys/{id}/inactivate"), &[])
        .await;
    let page = member.visitor.open(&format!("/try?key={id}")).await;
    assert_eq!(page.status, 409);
    page.shows("key-inactive");
}
