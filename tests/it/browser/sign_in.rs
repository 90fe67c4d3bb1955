//! Who comes in, as whom, with what.

use super::provider::{start, start_with};
use crate::harness::{control, ostia::Ostia};
use ostia_proto::v1;
use serde_json::json;

#[tokio::test]
async fn somebody_signs_in_with_the_provider_and_goes_where_they_wanted() {
    let setup = start().await;
    let visitor = setup.visitor();
    let page = visitor.open("/login?next=%2Fsettings").await;
    let link = r#"href="/login/with/work?next=%2Fsettings""#;
    assert!(page.body.contains(link), "{}", page.body);
    assert!(page.body.contains("Sign in with Work"), "{}", page.body);

    let ops = json!({ "groups": ["gateway-ops", "elsewhere"] });
    setup.provider.account("olga", &ops).await;
    let answer = setup.comes_back(&visitor, "olga").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("location"), "/settings");
    let settings = visitor.open("/settings").await;
    assert_eq!(settings.status, 200);
    assert!(
        settings.body.contains("olga (operator)"),
        "{}",
        settings.body
    );
}

#[tokio::test]
async fn the_same_person_is_the_same_user_and_the_sign_in_is_audited() {
    let setup = start().await;
    setup.signed_in("mia").await;
    let first = setup.user("mia").await;
    assert_eq!(first["role"], "member");
    // Another name and address there: still the same subject.
    let renamed = json!({ "preferred_username": "mia-new", "email": "new@example.test" });
    setup.provider.account("mia", &renamed).await;
    setup.signed_in("mia").await;
    assert_eq!(setup.user("mia").await["id"], first["id"]);

    let client = control::client(&setup.ostia);
    let request = v1::ListEventsRequest::default();
    let events = client.audit().list_events(request).await;
    let events = events.expect("events").into_inner().events;
    let sign_ins: Vec<_> = events
        .iter()
        .filter(|event| event.action == "identity.sign_in")
        .collect();
    assert_eq!(sign_ins.len(), 2, "{sign_ins:#?}");
    for event in sign_ins {
        assert_eq!(event.target, "mia");
        let detail = format!("{event:?}");
        assert!(detail.contains(&setup.provider.issuer), "{detail}");
    }
}

#[tokio::test]
async fn a_name_or_address_that_somebody_has_makes_nobody_them() {
    let setup = start().await;
    // As the first administrator is called here.
    let hostile = json!({ "email": "admin", "name": "admin" });
    setup.provider.account("admin", &hostile).await;
    let visitor = setup.signed_in("admin").await;
    let home = visitor.open("/").await;
    assert!(home.body.contains("admin 2 (member)"), "{}", home.body);
    assert_eq!(visitor.open("/settings").await.status, 404);
}

#[tokio::test]
async fn groups_of_the_provider_are_memberships_beside_those_that_people_gave() {
    let setup = start().await;
    for group in ["gateway-ops", "gateway-admins", "by-hand"] {
        let args = ["groups", "create", group, "--policy", "read-only"];
        setup.ostia.cli(&args).await.ok();
    }
    let ops = json!({ "groups": ["gateway-ops", "nowhere"] });
    setup.provider.account("olga", &ops).await;
    setup.signed_in("olga").await;
    let by_hand = ["groups", "update", "by-hand", "--member", "olga"];
    setup.ostia.cli(&by_hand).await.ok();
    assert_eq!(
        setup.user("olga").await["groups"],
        json!(["by-hand", "gateway-ops"])
    );
    let admins = json!({ "groups": ["gateway-admins"] });
    setup.provider.account("olga", &admins).await;
    setup.signed_in("olga").await;
    let user = setup.user("olga").await;
    assert_eq!(user["groups"], json!(["by-hand", "gateway-admins"]));
    assert_eq!(user["role"], "administrator");
    // Changing a group by hand leaves what the provider gave what it is.
    let rename = ["groups", "update", "gateway-admins", "--name", "chiefs"];
    setup.ostia.cli(&rename).await.ok();
    setup.signed_in("olga").await;
    assert_eq!(setup.user("olga").await["groups"], json!(["by-hand"]));
}

#[tokio::test]
async fn keys_that_changed_at_the_provider_are_found_again() {
    let setup = start().await;
    setup.signed_in("mia").await;
    setup.provider.new_keys().await;
    setup.signed_in("mia").await;
}

#[tokio::test]
async fn only_verified_addresses_of_the_allowed_domains_come_in() {
    let domains = r#"allowed_email_domains = ["example.test"]"#;
    let setup = start_with(Ostia::options(), domains).await;
    setup.signed_in("mia").await;
    for claims in [
        json!({ "email": "eve@evil.example" }),
        json!({ "email": "eve@example.test", "email_verified": false }),
    ] {
        setup.provider.account("eve", &claims).await;
        let visitor = setup.visitor();
        let refused = setup.comes_back(&visitor, "eve").await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("sign-in-refused"), "{}", refused.body);
        assert!(!visitor.is_signed_in().await);
    }
    // Nor is anybody made who did not come in.
    let missing = setup.ostia.cli(&["users", "show", "eve"]).await;
    assert_eq!(missing.code, Some(4));
}

#[tokio::test]
async fn somebody_who_is_disabled_here_does_not_come_in() {
    let setup = start().await;
    let mia = setup.signed_in("mia").await;
    setup.ostia.cli(&["users", "disable", "mia"]).await.ok();
    assert!(!mia.is_signed_in().await);
    let refused = setup.comes_back(&mia, "mia").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.body.contains("disabled"), "{}", refused.body);
    assert!(!mia.is_signed_in().await);
}
