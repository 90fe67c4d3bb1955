//! Keys: made, narrowed, rotated, changed and ended with the forms that pages have.

mod events;

use super::member::{self, Member, NEW_KEY, maria};
use super::visitor::Visitor;
use crate::harness::{
    mcp::{Endpoint, modern},
    wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

async fn tools(member: &Member, key: &str) -> Vec<String> {
    let mut tools = modern::tools(&Endpoint::new(&member.ostia.mcp_url, key)).await;
    tools.sort();
    tools
}

/// What a call with the key is answered with.
async fn status(member: &Member, key: &str) -> u16 {
    let endpoint = Endpoint::new(&member.ostia.mcp_url, key);
    let arguments = json!({"message": "hello"});
    modern::call(&endpoint, "demo__echo", &arguments)
        .send()
        .await
        .status
}

/// Waits for the edge to have heard.
async fn answers(member: &Member, key: &str, expected: u16) {
    let what = format!("the edge answers {expected}");
    wait::until(Duration::from_secs(2), &what, || async {
        match status(member, key).await {
            found if found == expected => Ok(()),
            found => Err(found),
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    let member = maria().await;
    let visitor = &member.visitor;
    let form = visitor.open("/keys/new").await;
    assert_eq!(form.status, 200);
    form.shows("value=\"demo.echo\"");
    form.shows("value=\"team\"");
    let (secret, id) = member.make_key("laptop", &[]).await;
    assert!(secret.starts_with("ost_live_"), "{secret}");
    assert_eq!(status(&member, &secret).await, 200);
    for path in [
        "/keys".to_owned(),
        format!("/keys/{id}"),
        format!("/keys/{id}/edit"),
    ] {
        let page = visitor.open(&path).await;
        assert_eq!(page.status, 200, "{path}");
        page.shows("laptop");
        page.hides(&secret);
    }
    let last_four = &secret[secret.len() - 10..secret.len() - 6];
    visitor.open("/keys").await.shows(&format!("…{last_four}"));
}

#[tokio::test]
async fn a_key_may_use_what_was_picked_for_it() {
    let member = maria().await;
    let picked = [
        ("scope", "picked"),
        ("tool", "demo.echo"),
        ("tool", "demo.add"),
    ];
    let fields = [&[("name", "two"), ("expires", "never")], &picked[..]].concat();
    let page = member.visitor.submit("/keys", &fields).await;
    assert_eq!(
        tools(&member, &page.secret()).await,
        ["demo__add", "demo__echo"]
    );
    let (all, _) = member.make_key("all", &[]).await;
    assert_eq!(tools(&member, &all).await.len(), 4);
    let (read, _) = member.make_key("reads", &[("tier", "read")]).await;
    assert!(tools(&member, &read).await.len() <= 4);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_lost() {
    let member = maria().await;
    let wrong = [
        ("name", "office"),
        ("networks", "everywhere"),
        ("window", "mon-fri 08:00-18:00"),
    ];
    let page = member
        .visitor
        .submit("/keys", &[&NEW_KEY[..], &wrong].concat())
        .await;
    assert_eq!(page.status, 422);
    page.shows("id=\"problem-networks\"");
    page.shows("value=\"office\"");
    page.shows("value=\"mon-fri 08:00-18:00\"");
    page.shows("everywhere");

    for quota in ["calls_per_day", "calls_per_month"] {
        let not_a_number = [("name", "office"), (quota, "many")];
        let page = member
            .visitor
            .submit("/keys", &[&NEW_KEY[..], &not_a_number].concat())
            .await;
        assert_eq!(page.status, 422);
        page.shows(&format!("id=\"problem-{quota}\""));
    }

    member.make_key("office", &[]).await;
    let taken = [&NEW_KEY[..], &[("name", "office")]].concat();
    let page = member.visitor.submit("/keys", &taken).await;
    assert_eq!(page.status, 422);
    page.shows("id=\"problem-name\"");

    // Control says so, not the page: the form never offered it.
    let foreign = [&NEW_KEY[..], &[("name", "wide"), ("policy", "read-only")]].concat();
    let page = member.visitor.submit("/keys", &foreign).await;
    assert_eq!(page.status, 422);
    page.shows("id=\"problem-policy\"");
}

#[tokio::test]
async fn rotating_leaves_the_old_secret_its_time() {
    let member = maria().await;
    let (first, id) = member.make_key("laptop", &[]).await;
    let path = format!("/keys/{id}/rotate");
    let second = member
        .visitor
        .submit(&path, &[("overlap", "3600")])
        .await
        .secret();
    assert_ne!(first, second);
    for secret in [&first, &second] {
        assert_eq!(status(&member, secret).await, 200);
    }
    let third = member
        .visitor
        .submit(&path, &[("overlap", "0")])
        .await
        .secret();
    answers(&member, &second, 401).await;
    answers(&member, &first, 401).await;
    assert_eq!(status(&member, &third).await, 200);
}

#[tokio::test]
async fn a_key_is_switched_off_and_on_and_revoked_by_its_name() {
    let member = maria().await;
    let (secret, id) = member.make_key("laptop", &[]).await;
    let visitor = &member.visitor;
    let page = visitor.submit(&format!("/keys/{id}/inactivate"), &[]).await;
    assert_eq!(page.status, 303);
    answers(&member, &secret, 401).await;
    visitor
        .open(page.header("location"))
        .await
        .shows("switched off");
    visitor.submit(&format!("/keys/{id}/activate"), &[]).await;
    answers(&member, &secret, 200).await;

    let wrong = visitor
        .submit(&format!("/keys/{id}/revoke"), &[("confirm", "lap")])
        .await;
    assert_eq!(wrong.status, 422);
    wrong.shows("id=\"problem-revoke\"");
    assert_eq!(status(&member, &secret).await, 200);

    let revoked = visitor
        .submit(&format!("/keys/{id}/revoke"), &[("confirm", "laptop")])
        .await;
    assert_eq!(revoked.status, 303);
    answers(&member, &secret, 401).await;
    let page = visitor.open(&format!("/keys/{id}")).await;
    page.shows("Revoked");
    page.hides("Make a new secret");
    let deleted = visitor
        .submit(&format!("/keys/{id}/delete"), &[("confirm", "laptop")])
        .await;
    assert_eq!(deleted.header("location"), "/keys?done=deleted");
    assert_eq!(visitor.open(&format!("/keys/{id}")).await.status, 404);
}

#[tokio::test]
async fn changing_a_key_changes_what_was_changed() {
    let member = maria().await;
    let (secret, id) = member.make_key("laptop", &[]).await;
    let edit = format!("/keys/{id}/edit");
    let fields = [
        ("name", "desk"),
        ("expires", "keep"),
        ("scope", "picked"),
        ("tool", "demo.now"),
        ("calls_per_day", "20"),
        ("calls_per_month", "50"),
        ("networks", "127.0.0.0/8\n::1"),
    ];
    let saved = member.visitor.submit(&edit, &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let page = member.visitor.open(&edit).await;
    page.shows("value=\"desk\"");
    page.shows("value=\"20\"");
    page.shows("value=\"50\"");
    let detail = member.visitor.open(&format!("/keys/{id}")).await;
    detail.shows("<dt>Quota left this month</dt><dd>50 of 50, renewed ");
    detail.shows("<dt>Quota left today</dt><dd>20 of 20, renewed ");
    detail.shows("20 a day, 50 a month (of its own)");
    let list = member.visitor.open("/keys").await;
    list.shows("20 of 20 today");
    page.shows("127.0.0.0/8\n::1/128</textarea>");
    let request = v1::GetKeyRequest {
        key: id,
        owner: None,
    };
    let key = member
        .control
        .keys()
        .get_key(request)
        .await
        .expect("a key")
        .into_inner();
    assert!(key.expires_at.is_some());
    let held = key.restrictions.expect("restrictions");
    assert_eq!(held.rules.expect("rules").allow, ["demo.now"]);
    member.control.settled().await;
    assert_eq!(tools(&member, &secret).await, ["demo__now"]);
}

/// Rules that the form has no words for survive a change of the name.
#[tokio::test]
async fn rules_that_were_made_elsewhere_are_kept() {
    let member = maria().await;
    let rules = v1::Rules {
        upstreams: vec!["*".to_owned()],
        allow: vec!["demo.*".to_owned()],
        deny: vec!["demo.slow".to_owned()],
        ..v1::Rules::default()
    };
    let request = v1::CreateKeyRequest {
        name: "cli".to_owned(),
        owner: Some(member.id.clone()),
        restrictions: Some(v1::KeyRestrictions {
            rules: Some(rules),
            ..v1::KeyRestrictions::default()
        }),
        ..v1::CreateKeyRequest::default()
    };
    let made = member
        .control
        .keys()
        .create_key(request)
        .await
        .expect("a key");
    let id = made.into_inner().key.expect("a key").id;
    let edit = format!("/keys/{id}/edit");
    member.visitor.open(&edit).await.shows("demo.slow");
    let fields = [("name", "renamed"), ("expires", "keep"), ("scope", "keep")];
    assert_eq!(member.visitor.submit(&edit, &fields).await.status, 303);
    let request = v1::GetKeyRequest {
        key: id,
        owner: None,
    };
    let key = member
        .control
        .keys()
        .get_key(request)
        .await
        .expect("a key")
        .into_inner();
    let rules = key.restrictions.and_then(|held| held.rules).expect("rules");
    assert_eq!(
        (&*key.name, &*rules.deny),
        ("renamed", &["demo.slow".to_owned()][..])
    );
}

#[tokio::test]
async fn keys_of_others_are_not_there() {
    let member = maria().await;
    let (_, id) = member.make_key("laptop", &[]).await;
    member::user(&member.control, "eve", &["team"], None).await;
    let eve = Visitor::signed_in(&member.ostia, "eve").await;
    for path in [format!("/keys/{id}"), format!("/keys/{id}/edit")] {
        assert_eq!(eve.open(&path).await.status, 404, "{path}");
    }
    let tried = eve.open(&format!("/try?key={id}")).await;
    assert_eq!(tried.status, 422);
    tried.hides("laptop");
    tried.hides("demo__echo");
    for verb in [
        "rotate",
        "inactivate",
        "activate",
        "revoke",
        "delete",
        "edit",
    ] {
        let fields = [("confirm", "laptop"), ("name", "mine"), ("overlap", "0")];
        let page = eve.submit(&format!("/keys/{id}/{verb}"), &fields).await;
        assert_eq!(page.status, 404, "{verb}");
    }
    eve.open("/keys").await.hides("laptop");
    member
        .visitor
        .open(&format!("/keys/{id}"))
        .await
        .shows("Active");
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let member = maria().await;
    for number in 0..26 {
        let request = v1::CreateKeyRequest {
            name: format!("key-{number:02}"),
            owner: Some(member.id.clone()),
            policies: vec!["team".to_owned()],
            ..v1::CreateKeyRequest::default()
        };
        member
            .control
            .keys()
            .create_key(request)
            .await
            .expect("a key");
    }
    let first = member.visitor.open("/keys").await;
    first.shows("key-25");
    first.hides("key-00");
    let next = first.between("href=\"/keys?cursor=", "\"");
    let second = member.visitor.open(&format!("/keys?cursor={next}")).await;
    second.shows("key-00");
    second.hides("key-25");
    second.hides("Next page");
}
