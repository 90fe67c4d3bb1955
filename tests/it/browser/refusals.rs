//! Ways back from the provider that prove nothing.

use super::provider::start;
use crate::web::Page;

fn refused(answer: &Page, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(code), "{}", answer.body);
    // Something that finds it in the log, and a way on.
    assert!(answer.body.contains("<dt>Request</dt>"), "{}", answer.body);
    assert!(answer.body.contains(r#"href="/""#), "{}", answer.body);
}

/// The address with one field of its query replaced, or left out.
fn with(url: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = url.split_once('?').expect("a query");
    let prefix = format!("{name}=");
    let mut fields: Vec<String> = query
        .split('&')
        .filter(|field| !field.starts_with(&prefix))
        .map(ToOwned::to_owned)
        .collect();
    fields.extend(value.map(|value| format!("{name}={value}")));
    format!("{path}?{}", fields.join("&"))
}

fn field<'a>(url: &'a str, name: &str) -> &'a str {
    let (_, query) = url.split_once('?').expect("a query");
    let found = query
        .split('&')
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

#[tokio::test]
async fn a_state_works_once_and_in_the_browser_it_was_made_for() {
    let setup = start().await;
    let mia = setup.visitor();
    let back = setup.way_back(&mia, "mia", "/").await;
    // Whoever sees the address has nothing of it.
    let thief = setup.visitor();
    refused(&thief.open(&back).await, 400, "sign-in-state-invalid");
    assert!(!thief.is_signed_in().await);
    // Nor has somebody who is on their own way.
    setup.way_back(&thief, "eve", "/").await;
    refused(&thief.open(&back).await, 400, "sign-in-state-invalid");

    let before = mia.copy();
    assert_eq!(mia.open(&back).await.status, 303);
    assert!(mia.is_signed_in().await);
    for replay in [&mia, &before] {
        refused(&replay.open(&back).await, 400, "sign-in-state-invalid");
    }
    assert!(!before.is_signed_in().await);
}

#[tokio::test]
async fn a_state_that_failed_is_used_up_too() {
    let setup = start().await;
    let mia = setup.visitor();
    let back = setup.way_back(&mia, "mia", "/").await;
    let wrong = with(&back, "code", Some("guessed"));
    refused(&mia.open(&wrong).await, 502, "sign-in-failed");
    refused(&mia.open(&back).await, 400, "sign-in-state-invalid");
    assert!(!mia.is_signed_in().await);
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let setup = start().await;
    let mia = setup.visitor();
    for iss in [Some("https%3A%2F%2Fevil.example"), None] {
        let back = setup.way_back(&mia, "mia", "/").await;
        assert!(field(&back, "iss").starts_with("http"), "{back}");
        let answer = mia.open(&with(&back, "iss", iss)).await;
        refused(&answer, 502, "sign-in-failed");
        assert!(!mia.is_signed_in().await);
    }
}

/// What an attacker does who has a code of their own, or of somebody else.
#[tokio::test]
async fn a_code_of_another_way_is_refused() {
    let setup = start().await;
    let eve = setup.visitor();
    let of_eve = setup.way_back(&eve, "eve", "/").await;
    let mia = setup.visitor();
    let of_mia = setup.way_back(&mia, "mia", "/").await;
    let mixed = with(&of_mia, "code", Some(field(&of_eve, "code")));
    refused(&mia.open(&mixed).await, 502, "sign-in-failed");
    assert!(!mia.is_signed_in().await);
}

#[tokio::test]
async fn a_no_of_the_provider_is_told_without_its_words() {
    let setup = start().await;
    let mia = setup.visitor();
    let back = setup.way_back(&mia, "mia", "/").await;
    let error = with(&with(&back, "code", None), "error", Some("access_denied"));
    let error = with(
        &error,
        "error_description",
        Some("%3Cb%3Ehostile%3C%2Fb%3E"),
    );
    let answer = mia.open(&error).await;
    refused(&answer, 403, "sign-in-refused");
    assert!(!answer.body.contains("hostile"), "{}", answer.body);
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let mut setup = start().await;
    setup.provider.ends().await;
    let visitor = setup.visitor();
    let answer = visitor.open("/login/with/work").await;
    refused(&answer, 503, "provider-unavailable");
    assert_eq!(visitor.open("/login/with/nobody").await.status, 404);
    // The other way in is open.
    let link = setup.ostia.login_link.clone().expect("a link");
    visitor.follow_login_link(&link).await;
    assert!(visitor.is_signed_in().await);
}

#[tokio::test]
async fn what_a_provider_gave_is_in_no_log() {
    let setup = start().await;
    let mia = setup.visitor();
    let back = setup.way_back(&mia, "mia", "/").await;
    let code = field(&back, "code").to_owned();
    assert_eq!(mia.open(&back).await.status, 303);
    mia.open(&back).await;
    let log = setup.ostia.log();
    for secret in [code.as_str(), "the-secret-of-the-client", &mia.session()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
