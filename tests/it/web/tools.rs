//! Tools: what a member may call, found without scripts.

use super::member::{self, maria};
use super::visitor::Visitor;

#[tokio::test]
async fn tools_have_schemas_and_what_they_cost() {
    let member = maria().await;
    let page = member.visitor.open("/tools").await;
    assert_eq!(page.status, 200);
    page.shows("4 tools you may call");
    page.shows("4 tools, about ");
    page.shows("that is an estimate");
    page.shows("demo.add");
    page.shows("\"type\": \"object\"");
}

#[tokio::test]
async fn a_search_is_a_form_that_is_sent() {
    let member = maria().await;
    let page = member.visitor.open("/tools?q=two%20ADDS").await;
    page.shows("demo.add");
    page.hides("demo.slow");
    member
        .visitor
        .open("/tools?q=nothing-like-it")
        .await
        .shows("Nothing matches");
    member
        .visitor
        .open("/tools?upstream=demo")
        .await
        .shows("demo.slow");
}

#[tokio::test]
async fn who_may_use_nothing_is_told_what_to_do() {
    let member = maria().await;
    member::user(&member.control, "eve", &[], None).await;
    let eve = Visitor::signed_in(&member.ostia, "eve").await;
    let page = eve.open("/tools").await;
    page.shows("There is nothing that you may call yet");
    page.hides("demo.add");
    eve.open("/").await.shows("None yet.");
    eve.open("/keys/new").await.hides("demo.add");
}
