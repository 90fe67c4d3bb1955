//! Usage: what a member's own keys did, and nothing of others.

use super::member::{self, Member, maria};
use super::{operators::refused, visitor::Visitor};
use crate::harness::{
    mcp::{Endpoint, modern},
    wait,
};
use serde_json::json;
use std::time::Duration;

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
    let page = eve.open(&format!("/usage?key={id}")).await;
    refused(
        &page,
        "key",
        "there is no such key; these are the calls of all",
    );
    page.shows("No calls here");
    assert_eq!(eve.open(&format!("/usage.csv?key={id}")).await.status, 404);
}
