//! The life of a key.

mod events;
mod idle;
mod names;
mod tokens;
mod trial;
mod uses;

use super::fixture::{assert_refused, bare, new_key, start};
use ostia_domain::{
    code::Code,
    key::{PATTERN, Presented},
};
use ostia_proto::v1::{self, KeyState};
use tonic::Code as Grpc;

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_new_key_has_the_documented_form_and_shows_all_but_its_secret() {
    let control = start().await;
    let created = control.key("build").await;
    let presented = Presented::parse(&created.secret).expect(PATTERN);
    let key = created.key.expect("the key");
    assert_eq!(key.public_id, presented.public_id().as_str());
    assert_eq!(
        (key.name.as_str(), key.owner_name.as_str()),
        ("build", "ada")
    );
    assert_eq!(
        (key.state(), key.mode()),
        (KeyState::Active, v1::KeyMode::Live)
    );
    assert_eq!(key.policies, ["all"]);
    assert_eq!(key.secrets.len(), 1);
    assert!(presented.secret().ends_with(&key.secrets[0].last_four));
    assert_eq!(control.get_key(&key.id).await.expect("the same"), key);
}

#[tokio::test]
async fn a_key_ends_after_90_days_or_when_its_maker_says() {
    let control = start().await;
    let default = control.key("default").await.key.expect("a key");
    assert_eq!(lifetime(&default), Some(90 * DAY));
    let short = v1::CreateKeyRequest {
        expires_in_seconds: Some(60),
        ..new_key("short")
    };
    let short = control.create_key(short).await.expect("a key").key;
    assert_eq!(lifetime(&short.expect("a key")), Some(60));
    let never = v1::CreateKeyRequest {
        expires_in_seconds: Some(60),
        never_expires: true,
        ..new_key("never")
    };
    let never = control.create_key(never).await.expect("a key").key;
    assert_eq!(lifetime(&never.expect("a key")), None);
    for nonsense in [0, u64::MAX] {
        let request = v1::CreateKeyRequest {
            expires_in_seconds: Some(nonsense),
            ..new_key("nonsense")
        };
        let answer = control.create_key(request).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
}

pub(super) fn lifetime(key: &v1::Key) -> Option<i64> {
    let created = key.created_at.as_ref().expect("created").seconds;
    key.expires_at.as_ref().map(|end| end.seconds - created)
}

#[tokio::test]
async fn a_key_without_a_policy_is_refused() {
    let control = start().await;
    let request = v1::CreateKeyRequest {
        policies: Vec::new(),
        ..new_key("nothing")
    };
    let answer = control.create_key(request).await;
    let message = assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(message.starts_with("policies:"), "{message}");
}

#[tokio::test]
async fn what_a_key_names_must_be_there() {
    let control = start().await;
    let unknown = || "nobody".to_owned();
    for request in [
        v1::CreateKeyRequest {
            owner: Some(unknown()),
            ..new_key("a")
        },
        v1::CreateKeyRequest {
            policies: vec![unknown()],
            ..new_key("a")
        },
        v1::CreateKeyRequest {
            plan: Some(unknown()),
            ..new_key("a")
        },
    ] {
        let answer = control.create_key(request).await;
        assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
    }
}

#[tokio::test]
async fn a_key_needs_an_owner() {
    let control = bare().await;
    control.policy("all").await;
    let answer = control.create_key(new_key("orphan")).await;
    assert_refused(answer, Grpc::FailedPrecondition, Code::Conflict);
}

#[tokio::test]
async fn the_owner_is_the_first_administrator_unless_somebody_is_named() {
    let control = start().await;
    control.user("later", v1::Role::Administrator, &[]).await;
    let bob = control.user("bob", v1::Role::Member, &["all"]).await;
    let key = control.key("hers").await.key.expect("a key");
    assert_eq!(key.owner_name, "ada");
    let request = v1::CreateKeyRequest {
        owner: Some(bob.id.clone()),
        ..new_key("his")
    };
    let key = control.create_key(request).await.expect("a key").key;
    assert_eq!(key.expect("a key").owner_id, bob.id);
}

#[tokio::test]
async fn a_name_is_taken_per_owner_until_its_key_is_revoked() {
    let control = start().await;
    control.user("bob", v1::Role::Member, &["all"]).await;
    let first = control.key("build").await.key.expect("a key");
    let again = control.create_key(new_key("build")).await;
    assert_refused(again, Grpc::AlreadyExists, Code::AlreadyExists);
    let others = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        ..new_key("build")
    };
    control.create_key(others).await.expect("of another owner");
    control.revoke(&first.id).await;
    control
        .create_key(new_key("build"))
        .await
        .expect("the name is free");
}

#[tokio::test]
async fn names_that_would_mislead_are_refused() {
    let control = start().await;
    let long = "x".repeat(101);
    for name in [
        "",
        " padded ",
        "two\nlines",
        long.as_str(),
        "00000000-0000-0000-0000-000000000000",
    ] {
        let answer = control.create_key(new_key(name)).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
}

#[tokio::test]
async fn rotation_keeps_the_key_and_both_secrets_until_the_overlap_ends() {
    let control = start().await;
    let created = control.key("build").await;
    let key = created.key.expect("a key");
    let rotated = control.rotate(&key.id, 3_600).await;
    let after = rotated.key.expect("the key");
    assert_eq!((&after.id, &after.public_id), (&key.id, &key.public_id));
    assert_eq!((&after.name, &after.policies), (&key.name, &key.policies));
    assert_ne!(rotated.secret, created.secret);
    assert!(
        rotated
            .secret
            .ends_with(|c: char| c.is_ascii_alphanumeric())
    );
    // Newest first; only the old one was given an end.
    let ends: Vec<_> = after
        .secrets
        .iter()
        .map(|s| s.expires_at.is_some())
        .collect();
    assert_eq!(ends, [false, true]);
    let old = control
        .authenticate(&created.secret)
        .await
        .expect("overlap");
    let new = control.authenticate(&rotated.secret).await.expect("new");
    assert_eq!(old.key_id, new.key_id);
    // The edge has to know when the old one ends.
    assert_eq!(old.expires_at, after.secrets[1].expires_at);
    assert_eq!(new.expires_at, key.expires_at);
}

#[tokio::test]
async fn rotation_without_overlap_ends_the_old_secret_at_once() {
    let control = start().await;
    let created = control.key("build").await;
    let rotated = control.rotate(&created.key.expect("a key").id, 0).await;
    let old = control.authenticate(&created.secret).await;
    assert_eq!(old.expect_err("ended"), "key-expired");
    control.authenticate(&rotated.secret).await.expect("new");
}

#[tokio::test]
async fn a_second_rotation_never_lengthens_the_life_of_the_first_secret() {
    let control = start().await;
    let id = control.key("build").await.key.expect("a key").id;
    let first = control.rotate(&id, 60).await.key.expect("a key");
    let second = control.rotate(&id, 3_600).await.key.expect("a key");
    assert_eq!(first.secrets[1], second.secrets[2]);
}

#[tokio::test]
async fn an_inactive_key_is_refused_until_it_is_activated() {
    let control = start().await;
    let created = control.key("build").await;
    let id = created.key.expect("a key").id;
    assert_eq!(control.inactivate(&id).await.state(), KeyState::Inactive);
    let refused = control.authenticate(&created.secret).await;
    assert_eq!(refused.expect_err("inactive"), "key-inactive");
    assert_eq!(control.activate(&id).await.state(), KeyState::Active);
    control.authenticate(&created.secret).await.expect("active");
}

#[tokio::test]
async fn revoking_is_for_good() {
    let control = start().await;
    let id = control.key("build").await.key.expect("a key").id;
    let revoked = control.revoke(&id).await;
    assert_eq!(revoked.state(), KeyState::Revoked);
    assert_eq!(control.revoke(&id).await, revoked, "twice is once");
    let mut keys = control.client.keys();
    let key = || id.clone();
    let activated = keys
        .activate_key(v1::ActivateKeyRequest { key: key() })
        .await;
    assert_refused(activated, Grpc::FailedPrecondition, Code::Conflict);
    let rotated = v1::RotateKeyRequest {
        key: key(),
        overlap_seconds: 0,
    };
    assert_refused(
        keys.rotate_key(rotated).await,
        Grpc::FailedPrecondition,
        Code::Conflict,
    );
    assert_eq!(control.get_key(&id).await.expect("still listed").id, id);
}

#[tokio::test]
async fn a_deleted_key_is_gone_with_its_secrets() {
    let control = start().await;
    let created = control.key("build").await;
    let id = created.key.expect("a key").id;
    control.delete(&id).await;
    assert_refused(
        control.get_key(&id).await,
        Grpc::NotFound,
        Code::NoSuchObject,
    );
    let refused = control.authenticate(&created.secret).await;
    assert_eq!(refused.expect_err("gone"), "key-unknown");
}
