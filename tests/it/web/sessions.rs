//! Browser sessions: how they begin, what their cookie is, and everything that ends them.

mod list;

use super::{Page, visitor::Visitor};
use crate::harness::{control, ostia::Ostia, wait};
use ostia_proto::v1;
use sea_orm::ConnectionTrait as _;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

async fn with_a_member() -> Ostia {
    let ostia = Ostia::start().await;
    let args = ["users", "create", "bob", "--policy", "read-only"];
    ostia.cli(&args).await.ok();
    ostia
}

/// What no service does: change the database behind control's back.
pub(super) async fn sql(ostia: &Ostia, statement: &str) {
    let db = sea_orm::Database::connect(ostia.database_url()).await;
    let db = db.expect("the database");
    db.execute_unprepared(statement).await.expect("a statement");
    db.close().await.expect("close");
}

#[tokio::test]
async fn the_first_login_link_ends_in_a_session() {
    let ostia = Ostia::start().await;
    let link = ostia.login_link.clone().expect("a link");
    let admin = Visitor::of(&ostia.web_url);
    assert!(!admin.is_signed_in().await);
    let answer = admin.send(admin.form(&link, &[])).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/");
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie");
    for part in ["ostia=", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    // Over plain HTTP no browser would keep it, and it goes when the browser closes.
    for part in ["Secure", "Max-Age", "Domain"] {
        assert!(!cookie.contains(part), "{part} is in {cookie}");
    }
    let home = admin.open("/").await;
    assert!(home.body.contains("admin (administrator)"), "{}", home.body);
    // Somebody else with the same browser and another cookie is nobody.
    assert!(!Visitor::of(&ostia.web_url).is_signed_in().await);
}

#[tokio::test]
async fn a_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let ostia = with_a_member().await;
    let visitor = Visitor::of(&ostia.web_url);
    // An id that somebody else chose is never taken.
    let planted = "AAAAAAAAAAAAAAAAAAAAAA";
    visitor.set_cookie("ostia", planted);
    let link = ostia.login_link.clone().expect("a link");
    visitor.follow_login_link(&link).await;
    assert_ne!(visitor.session(), planted);
    assert!(visitor.is_signed_in().await);

    let before = visitor.copy();
    let link = ostia.cli(&["login-link", "bob"]).await.ok().json();
    let link = link["login_url"].as_str().expect("a link");
    visitor.follow_login_link(link).await;
    assert_ne!(visitor.session(), before.session());
    assert!(visitor.open("/").await.body.contains("bob (member)"));
    assert!(!before.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_ends_this_session_alone() {
    let ostia = with_a_member().await;
    let desk = Visitor::signed_in(&ostia, "bob").await;
    let phone = Visitor::signed_in(&ostia, "bob").await;
    let thief = desk.copy();
    let answer = desk.submit("/logout", &[]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert!(desk.session().is_empty());
    assert!(!thief.is_signed_in().await);
    assert!(phone.is_signed_in().await);
    let events = control::client(&ostia);
    let request = v1::ListEventsRequest::default();
    let events = events.audit().list_events(request).await.expect("events");
    let events = events.into_inner().events;
    let ended = events
        .iter()
        .find(|event| event.action == "browser_sessions.end");
    let ended = ended.expect("the sign-out is audited");
    assert_eq!((&*ended.actor, &*ended.target), ("user:bob", "bob"));
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_own() {
    let ostia = with_a_member().await;
    let desk = Visitor::signed_in(&ostia, "bob").await;
    let phone = Visitor::signed_in(&ostia, "bob").await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let answer = desk.submit("/logout", &[("everywhere", "true")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(!desk.is_signed_in().await);
    assert!(!phone.is_signed_in().await);
    assert!(admin.is_signed_in().await);
}

#[tokio::test]
async fn a_user_who_is_disabled_or_removed_is_out_at_once() {
    let ostia = with_a_member().await;
    let bob = Visitor::signed_in(&ostia, "bob").await;
    ostia.cli(&["users", "disable", "bob"]).await.ok();
    assert!(!bob.is_signed_in().await);
    // Being enabled again brings no session back.
    ostia.cli(&["users", "enable", "bob"]).await.ok();
    assert!(!bob.is_signed_in().await);
    let bob = Visitor::signed_in(&ostia, "bob").await;
    ostia.cli(&["users", "delete", "bob", "--yes"]).await.ok();
    assert!(!bob.is_signed_in().await);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_lives_on_while_somebody_does() {
    let ostia = with_a_member().await;
    let bob = Visitor::signed_in(&ostia, "bob").await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    // As if both had been idle until a minute before the end; then bob opens a page.
    let soon = chrono::TimeDelta::seconds(60);
    let at = |time: ostia_domain::clock::Timestamp| time.to_rfc3339();
    let now = ostia_domain::clock::now();
    let set = |time| format!("UPDATE browser_sessions SET expires_at = '{}'", at(time));
    sql(&ostia, &set(now + soon)).await;
    assert!(bob.is_signed_in().await);
    // And now as if that minute had passed.
    let passed = format!(
        "{} WHERE expires_at <= '{}'",
        set(now - soon),
        at(now + soon)
    );
    sql(&ostia, &passed).await;
    assert!(bob.is_signed_in().await);
    assert!(!admin.is_signed_in().await);
}

#[tokio::test]
async fn a_session_ends_in_the_end_however_much_it_is_used() {
    let ostia = Ostia::options()
        .arg("--session-max")
        .arg("3s")
        .start()
        .await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    assert!(admin.is_signed_in().await);
    wait::until(PATIENCE, "the session ends", async || {
        if admin.is_signed_in().await {
            return Err("still signed in");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_needs_somebody_asks_who_it_is_and_comes_back() {
    let ostia = with_a_member().await;
    let nobody = Visitor::of(&ostia.web_url);
    let answer = nobody.open("/settings?tab=a%26b").await;
    assert_eq!(answer.status, 303);
    let location = answer.header("location");
    assert_eq!(location, "/login?next=%2Fsettings%3Ftab%3Da%2526b");
    // Signed in meanwhile, in another window: there is nothing to ask.
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let answer = admin.open(location).await;
    assert_eq!(answer.header("location"), "/settings?tab=a%26b");
    for foreign in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
    ] {
        let answer = admin.open(&format!("/login?next={foreign}")).await;
        assert_eq!(answer.header("location"), "/", "{foreign}");
    }
}

#[tokio::test]
async fn a_member_finds_no_page_of_operators() {
    let ostia = with_a_member().await;
    let create = ["users", "create", "ann", "--role", "auditor"];
    ostia.cli(&create).await.ok();
    let bob = Visitor::signed_in(&ostia, "bob").await;
    let refused = bob.open("/settings").await;
    assert_eq!(refused.status, 404);
    // The same answer as for what is not there at all, but for the token of its form.
    let without_token = |page: &Page| {
        let token = page.between("name=\"csrf\" value=\"", "\"");
        page.body.replace(&token, "")
    };
    let nowhere = bob.open("/nowhere").await;
    assert_eq!(without_token(&nowhere), without_token(&refused));
    for name in ["ann", "admin"] {
        let page = Visitor::signed_in(&ostia, name).await;
        let page = page.open("/settings").await;
        assert_eq!(page.status, 200, "{name}");
        assert!(page.body.contains("web.session_idle"), "{}", page.body);
    }
    // The role is asked for with every page.
    let promote = ["users", "update", "bob", "--role", "operator"];
    ostia.cli(&promote).await.ok();
    assert_eq!(bob.open("/settings").await.status, 200);
}
