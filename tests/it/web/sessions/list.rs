//! Where somebody is signed in, as they see it, and the way out of each.

use super::with_a_member;
use crate::{
    harness::{control, ostia::Ostia},
    web::{Page, visitor::Visitor},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use ring::digest::{SHA256, digest};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";

/// Signed in with a browser that says this of itself.
async fn with(ostia: &Ostia, user: &str, agent: &str) -> Visitor {
    let visitor = Visitor::signed_in(ostia, user).await;
    let request = visitor.request(Method::GET, "/");
    visitor.send(request.header("user-agent", agent)).await;
    visitor
}

/// What the form has that ends the one session which is not of this browser.
fn other(page: &Page) -> String {
    page.between("name=\"session\" value=\"", "\"")
}

#[tokio::test]
async fn a_browser_that_was_left_behind_is_signed_out_from_another() {
    let ostia = with_a_member().await;
    let desk = with(&ostia, "bob", FIREFOX).await;
    let phone = with(&ostia, "bob", SAFARI).await;
    let admin = with(&ostia, "admin", "curl/8.0").await;
    let page = desk.open("/sessions").await;
    assert_eq!(page.status, 200);
    for shown in [
        "Firefox on Linux",
        "Safari on iPhone",
        "127.0.0.1",
        "just now",
    ] {
        page.shows(shown);
    }
    page.shows(&format!("title=\"{FIREFOX}\""));
    assert_eq!(page.body.matches("This one").count(), 1);
    page.hides("curl");
    let end = [("session", &*other(&page))];
    let ended = desk.submit("/sessions/end", &end).await;
    assert_eq!(ended.status, 303, "{}", ended.body);
    assert!(!phone.is_signed_in().await);
    assert!(desk.is_signed_in().await && admin.is_signed_in().await);
    let page = desk.open(ended.header("location")).await;
    page.shows("That browser is signed out.");
    page.hides("Safari");
    let events = control::audit(&control::client(&ostia)).await;
    let event = events
        .iter()
        .find(|event| event.action == "browser_sessions.end");
    let event = event.expect("it is audited");
    assert_eq!((&*event.actor, &*event.target), ("user:bob", "bob"));
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_others_or_sees_them() {
    let ostia = with_a_member().await;
    let bob = with(&ostia, "bob", FIREFOX).await;
    let admin = with(&ostia, "admin", SAFARI).await;
    let name = digest(&SHA256, admin.session().as_bytes());
    let name = URL_SAFE_NO_PAD.encode(name);
    bob.open("/sessions").await.hides("iPhone");
    let end = [("session", &*name)];
    assert_eq!(bob.submit("/sessions/end", &end).await.status, 303);
    assert!(admin.is_signed_in().await);
    // It is the name of that session: whose it is may end it so.
    assert_eq!(admin.submit("/sessions/end", &end).await.status, 303);
    assert!(!admin.is_signed_in().await);
    bob.submit("/sessions/end", &[("session", "?")]).await;
    assert!(bob.is_signed_in().await);
    let nobody = Visitor::of(&ostia.web_url);
    assert_eq!(nobody.open("/sessions").await.status, 303);
}

/// Only proxies that were named are believed about where somebody is.
#[tokio::test]
async fn an_address_is_that_of_the_client() {
    for (args, address) in [
        (&[][..], "127.0.0.1"),
        (&["--trusted-proxy", "127.0.0.0/8"][..], "192.0.2.7"),
    ] {
        let mut options = Ostia::options();
        for arg in args {
            options = options.arg(*arg);
        }
        let ostia = options.start().await;
        let admin = Visitor::signed_in(&ostia, "admin").await;
        let request = admin.request(Method::GET, "/");
        admin
            .send(request.header("x-forwarded-for", "192.0.2.7"))
            .await;
        admin
            .open("/sessions")
            .await
            .shows(&format!("<div>{address}</div>"));
    }
}
