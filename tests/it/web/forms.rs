//! Forms that are not from a page of the same session do nothing.

use super::visitor::Visitor;
use crate::harness::ostia::Ostia;

#[tokio::test]
async fn a_form_without_the_token_of_its_session_is_refused() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let other = Visitor::signed_in(&ostia, "admin").await;
    let of_another_session = other.csrf().await;
    for fields in [
        vec![],
        vec![("csrf", "")],
        vec![("csrf", "guessed")],
        vec![("csrf", of_another_session.as_str())],
    ] {
        let refused = admin.submit_as_is("/logout", &fields).await;
        assert_eq!(refused.status, 403, "{fields:?}");
        assert!(refused.body.contains("form-refused"), "{}", refused.body);
        assert!(admin.is_signed_in().await, "{fields:?}");
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_even_with_the_token() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let csrf = admin.csrf().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = admin.form("/logout", &[("csrf", &csrf)]);
        let refused = admin.send(request.header(name, value)).await;
        assert_eq!(refused.status, 403, "{name}: {value}");
        assert!(admin.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_form_of_nobody_says_so_and_what_finds_it_in_the_log() {
    let ostia = Ostia::start().await;
    let refused = Visitor::of(&ostia.web_url)
        .submit_as_is("/logout", &[("csrf", "x")])
        .await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.body.contains("sign-in-required"),
        "{}",
        refused.body
    );
    let id = refused
        .body
        .split("<dt>Request</dt><dd><code>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let id = id.expect("a request id");
    assert!(ostia.log().contains(id), "{id} is not in {}", ostia.log());
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_no_error_of_ours() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let csrf = admin.csrf().await;
    let fields = [("csrf", csrf.as_str()), ("everywhere", "perhaps")];
    let unreadable = admin.submit_as_is("/logout", &fields).await;
    assert_eq!(unreadable.status, 400, "{}", unreadable.body);
    let long = "x".repeat(2 << 20);
    let fields = [("csrf", csrf.as_str()), ("everywhere", &long)];
    // The rest of such a form is not read, so that its connection is of no more use.
    let too_long = admin.form("/logout", &fields).header("connection", "close");
    let too_long = too_long.header("origin", &ostia.web_url);
    assert_eq!(admin.send(too_long).await.status, 400);
    assert!(admin.is_signed_in().await);
}
