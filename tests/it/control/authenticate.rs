//! What is said of a key that is presented.

use super::fixture::{new_key, start};
use crate::harness::wait::until;
use ostia_domain::key::{Mode, Presented, mint};
use ostia_proto::v1;
use std::time::Duration;

#[tokio::test]
async fn a_principal_is_the_key_its_owner_and_what_bounds_both() {
    let control = start().await;
    control.demo().await;
    let all = control.policy("some").await;
    let bob = control.user("bob", v1::Role::Member, &["all"]).await;
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        mode: v1::KeyMode::Test.into(),
        policies: vec!["some".to_owned(), all.id.clone()],
        ..new_key("build")
    };
    let created = control.create_key(request).await.expect("a key");
    let key = created.key.expect("a key");
    let principal = control.authenticate(&created.secret).await.expect("bob");
    assert_eq!(
        (&principal.key_id, &principal.key_name),
        (&key.id, &key.name)
    );
    assert_eq!(
        (&principal.owner_id, &principal.owner_name),
        (&bob.id, &bob.name)
    );
    assert_eq!(principal.mode(), v1::KeyMode::Test);
    assert_eq!(principal.expires_at, key.expires_at);
    let scope = principal.key_scope.expect("a scope");
    assert!(!scope.unlimited);
    assert_eq!(scope.policy_ids, [all.id], "named twice, bound once");
    let scope = principal.owner_scope.expect("a scope");
    assert_eq!((scope.unlimited, scope.policy_ids.len()), (false, 1));
}

#[tokio::test]
async fn an_administrator_is_unlimited_and_the_key_is_not() {
    let control = start().await;
    let created = control.key("build").await;
    let principal = control.authenticate(&created.secret).await.expect("ada");
    assert!(principal.owner_scope.expect("a scope").unlimited);
    assert!(!principal.key_scope.expect("a scope").unlimited);
}

#[tokio::test]
async fn every_reason_to_refuse_has_its_code() {
    let control = start().await;
    control.user("bob", v1::Role::Member, &["all"]).await;
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        ..new_key("build")
    };
    let created = control.create_key(request).await.expect("a key");
    let (id, text) = (created.key.expect("a key").id, created.secret);
    let refused = async |text: &str| control.authenticate(text).await.expect_err("refused");

    assert_eq!(refused("sk-other").await, "key-malformed");
    assert_eq!(refused(&format!("{text}0")).await, "key-malformed");
    let presented = Presented::parse(&text).expect("a key");
    let wrong_secret = mint(Mode::Live, &presented.public_id(), [7; 32]);
    assert_eq!(refused(wrong_secret.expose()).await, "key-unknown");
    let wrong_mode = mint(Mode::Test, &presented.public_id(), [7; 32]);
    assert_eq!(refused(wrong_mode.expose()).await, "key-unknown");
    let nobody = mint(Mode::Live, &ostia_domain::key::public_id([7; 9]), [7; 32]);
    assert_eq!(refused(nobody.expose()).await, "key-unknown");

    // From the last reason to the first: each hides those after it.
    control
        .sql("UPDATE users SET enabled = false WHERE name = 'bob'")
        .await;
    assert_eq!(refused(&text).await, "owner-disabled");
    control
        .sql("UPDATE api_keys SET expires_at = created_at")
        .await;
    assert_eq!(refused(&text).await, "key-expired");
    control.inactivate(&id).await;
    assert_eq!(refused(&text).await, "key-inactive");
    control.revoke(&id).await;
    assert_eq!(refused(&text).await, "key-revoked");
    // Who has not got the secret learns nothing of the key's state.
    assert_eq!(refused(wrong_secret.expose()).await, "key-unknown");
}

#[tokio::test]
async fn a_use_is_noted_on_the_key_and_on_the_secret() {
    let control = start().await;
    let created = control.key("build").await;
    let id = created.key.expect("a key").id;
    let rotated = control.rotate(&id, 3_600).await;
    control.authenticate(&rotated.secret).await.expect("ada");
    let noted = || async {
        let key = control.get_key(&id).await.expect("the key");
        match (key.last_used_at, key.secrets[0].last_used_at) {
            (Some(_), Some(_)) => Ok(key),
            _ => Err(key),
        }
    };
    let (key, _) = until(Duration::from_secs(5), "the use is noted", noted).await;
    assert_eq!(
        key.secrets[1].last_used_at, None,
        "the other secret was not used"
    );
}

#[tokio::test]
async fn many_at_once_are_all_answered() {
    let control = start().await;
    let created = control.key("build").await;
    let all = (0..64).map(|_| control.authenticate(&created.secret));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(Result::is_ok));
}
