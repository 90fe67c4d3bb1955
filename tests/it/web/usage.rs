//! Usage: what a member's own keys did, and nothing of others.

use super::member::{self, Member, maria};
use super::{operators::refused, visitor::Visitor};
use crate::harness::{
    mcp::{Endpoint, modern},
    wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// Two calls that work and one of a tool that is not there, all of them recorded.
pub(super) async fn used(member: &Member) -> String {
    let (secret, id) = member.make_key("laptop", &[]).await;
    let endpoint = Endpoint::new(&member.ostia.mcp_url, &secret);
    for tool in ["demo__echo", "demo__echo", "demo__none"] {
        modern::call(&endpoint, tool, &json!({"message": "hello"}))
            .send()
            .await;
    }
    let recorded = wait::until(Duration::from_secs(10), "they were recorded", || async {
        let csv = member.visitor.open("/usage.csv").await;
        match csv.body.lines().count() {
            4 => Ok(()),
            lines => Err(lines),
        }
    });
    recorded.await;
    id
}

#[tokio::test]
async fn calls_are_shown_by_day_tool_and_how_they_ended() {
    let member = maria().await;
    let id = used(&member).await;
    let page = member.visitor.open("/usage").await;
    assert_eq!(page.status, 200);
    page.shows("<dt>Calls</dt><dd>3</dd>");
    page.shows("demo.echo");
    page.shows("Answered");
    page.shows("No such tool");
    // The chart says the same in words and as a table.
    page.shows("3 calls, 1 refused or failed");
    page.shows("Values as a table");
    let detail = member.visitor.open(&format!("/keys/{id}")).await;
    detail.shows("demo.echo");
    detail.shows("Nothing of that name is there for the key.");
    let home = member.visitor.open("/").await;
    home.shows("<dt>Calls this month</dt><dd>3</dd>");
}

#[tokio::test]
async fn filters_are_in_the_address() {
    let member = maria().await;
    used(&member).await;
    let page = member.visitor.open("/usage?days=7&outcome=ok").await;
    page.shows("<dt>Calls</dt><dd>2</dd>");
    page.shows("<option value=\"7\" selected");
    let csv = member.visitor.open("/usage.csv?outcome=unknown_tool").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.body.lines().count(), 2, "{}", csv.body);
    let nothing = member.visitor.open("/usage?tool=demo.add").await;
    nothing.shows("No calls here");
    // What control refuses is said, and no fault of the page.
    assert_eq!(member.visitor.open("/usage?outcome=odd").await.status, 400);
}

#[tokio::test]
async fn calls_of_others_are_not_there() {
    let member = maria().await;
    let id = used(&member).await;
    member::user(&member.control, "eve", &["team"], None).await;
    let eve = Visitor::signed_in(&member.ostia, "eve").await;
    eve.open("/usage").await.shows("No calls here");
    assert_eq!(eve.open("/usage.csv").await.body.lines().count(), 1);
    // As of a key that there never was: ids are of keys that are gone, too.
    for key in [id, Uuid::now_v7().to_string()] {
        let page = eve.open(&format!("/usage?key={key}")).await;
        assert_eq!(page.status, 200);
        page.shows("No calls here");
        let csv = eve.open(&format!("/usage.csv?key={key}")).await;
        assert_eq!((csv.status, csv.body.lines().count()), (200, 1));
    }
    let page = eve.open("/usage?key=laptop").await;
    refused(
        &page,
        "key",
        "there is no such key; these are the calls of all",
    );
    page.shows("No calls here");
    assert_eq!(eve.open("/usage.csv?key=laptop").await.status, 404);
}

#[tokio::test]
async fn who_sees_everything_sees_the_calls_of_everybody() {
    let member = maria().await;
    let id = used(&member).await;
    member
        .ostia
        .cli(&["users", "create", "olga", "--role", "auditor"])
        .await
        .ok();
    let auditor = Visitor::signed_in(&member.ostia, "olga").await;
    auditor.open("/usage").await.shows("No calls here");

    let page = auditor.open("/usage?whose=everybody").await;
    assert_eq!(page.status, 200);
    page.shows("<dt>Calls</dt><dd>3</dd>");
    page.shows("<option value=\"everybody\" selected");
    page.shows("laptop of maria");
    page.shows("href=\"/usage?whose=everybody&amp;days=30&amp;user=maria\">maria</a>");
    page.shows(&format!(
        "href=\"/usage?whose=everybody&amp;days=30&amp;key={id}\""
    ));
    page.shows("href=\"/usage?whose=everybody&amp;days=30&amp;tool=demo.echo\"");

    for (narrow, calls) in [
        ("user=maria", 3),
        ("tool=demo.echo", 2),
        ("upstream=demo", 2),
    ] {
        let page = auditor
            .open(&format!("/usage?whose=everybody&{narrow}"))
            .await;
        page.shows(&format!("<dt>Calls</dt><dd>{calls}</dd>"));
    }
    // Of everybody, few calls of many are found by audit.
    let narrow = auditor
        .open("/usage?whose=everybody&outcome=unknown_tool")
        .await;
    narrow.shows("<dt>Calls</dt><dd>1</dd>");
    narrow.hides("Calls, newest first");
    let every = narrow.between("<a href=\"/audit?", "\">Every call like this");
    let every = format!("/audit?{}", every.replace("&amp;", "&"));
    auditor.open(&every).await.shows("demo__none");
    auditor
        .open("/usage?whose=everybody&user=olga")
        .await
        .shows("No calls here");
    let csv = auditor.open("/usage.csv?whose=everybody").await;
    assert_eq!(csv.body.lines().count(), 4, "{}", csv.body);
    csv.shows("\"maria\"");
    let users = auditor.open("/usage.csv?whose=everybody&by=user").await;
    let users: Vec<_> = users.body.lines().collect();
    assert_eq!(users.len(), 2, "{users:?}");
    assert!(
        users[1].contains(",\"maria\",\"\",\"\",\"\",3,1,"),
        "{users:?}"
    );

    for (field, value) in [("user", "nobody"), ("key", "nothing")] {
        let page = auditor
            .open(&format!("/usage?whose=everybody&{field}={value}"))
            .await;
        refused(&page, field, "these are the calls of all");
        page.shows("<dt>Calls</dt><dd>3</dd>");
    }
    for path in ["/usage", "/usage.csv"] {
        let page = member
            .visitor
            .open(&format!("{path}?whose=everybody"))
            .await;
        assert_eq!(page.status, 404, "{path}");
    }
    assert_eq!(auditor.open("/usage.csv?by=weather").await.status, 404);
}

#[tokio::test]
async fn what_has_a_price_has_a_cost() {
    let member = maria().await;
    used(&member).await;
    member.visitor.open("/usage").await.hides("Cost");
    let request = v1::SetPriceRequest {
        tools: "demo.*".to_owned(),
        micros: 2_500,
        currency: "EUR".to_owned(),
    };
    member
        .control
        .prices()
        .set_price(request)
        .await
        .expect("a price");
    let page = member.visitor.open("/usage").await;
    page.shows("<dt>Cost</dt><dd>0.005 EUR</dd>");
    page.shows("at the prices of today");
    for by in ["day", "tool", "key", "upstream", "outcome"] {
        let csv = member.visitor.open(&format!("/usage.csv?by={by}")).await;
        csv.shows("\"0.005 EUR\"");
    }
}
