//! People who lose something at the provider lose it here, and those who leave are out.

use super::provider::{Setup, start, start_with};
use crate::harness::ostia::Ostia;
use crate::web::visitor::Visitor;
use serde_json::json;

/// An Ostia that asks the provider again at every page.
async fn asking() -> Setup {
    let options = Ostia::options().arg("--oidc-recheck-min").arg("0");
    start_with(options, "").await
}

#[tokio::test]
async fn a_group_that_is_taken_away_takes_its_role_and_its_policies_along() {
    let setup = asking().await;
    let args = ["groups", "create", "gateway-ops", "--policy", "read-only"];
    setup.ostia.cli(&args).await.ok();
    let ops = json!({ "groups": ["gateway-ops"] });
    setup.provider.account("olga", &ops).await;
    let olga = setup.signed_in("olga").await;
    assert_eq!(olga.open("/settings").await.status, 200);
    assert_eq!(setup.user("olga").await["groups"], json!(["gateway-ops"]));

    setup
        .provider
        .account("olga", &json!({ "groups": [] }))
        .await;
    assert_eq!(olga.open("/settings").await.status, 404);
    let user = setup.user("olga").await;
    assert_eq!(
        (&user["groups"], &user["role"]),
        (&json!([]), &json!("member"))
    );
    // The session goes on, with what is left; the token it asks with was given anew each time.
    for _ in 0..3 {
        assert!(olga.is_signed_in().await);
    }
}

#[tokio::test]
async fn somebody_who_left_is_out_for_good() {
    let setup = asking().await;
    let mia = setup.signed_in("mia").await;
    assert!(mia.is_signed_in().await);
    setup.provider.leaves("mia").await;
    let answer = mia.open("/settings").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("location"), "/login?next=%2Fsettings");
    assert!(mia.session().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_away_for_a_moment_throws_nobody_out() {
    let mut setup = asking().await;
    let mia = setup.signed_in("mia").await;
    setup.provider.ends().await;
    assert!(mia.is_signed_in().await);
}

#[tokio::test]
async fn a_recent_answer_is_not_asked_for_again() {
    let setup = start().await;
    let mia = setup.signed_in("mia").await;
    setup.provider.leaves("mia").await;
    assert!(mia.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_goes_on_to_the_provider() {
    let setup = start().await;
    let mia = setup.visitor();
    let begin = mia.open("/login/with/work").await;
    let at_provider = Visitor::of(&setup.provider.issuer);
    let there = begin.header("location").to_owned();
    let back = setup.through_the_form(&at_provider, &there, "mia").await;
    assert_eq!(mia.open(&back).await.status, 303);
    assert!(mia.is_signed_in().await);

    let answer = mia.submit("/logout", &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let url = answer.header("refresh").strip_prefix("0; url=");
    let url = url.expect("a way on").to_owned();
    assert!(url.starts_with(&setup.provider.issuer), "{url}");
    assert!(url.contains("id_token_hint="), "{url}");
    assert!(!mia.is_signed_in().await);
    let asked = at_provider.open(&url).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
}
