//! What a key is held to besides its policies, and keys that somebody found.

use super::{
    fixture::{Fixture, assert_refused, config, new_key, start},
    keys::lifetime,
};
use chrono::TimeDelta;
use ostia_domain::{
    clock,
    code::Code,
    key::{Mode, PublicId, mint},
};
use ostia_proto::v1::{self, KeyState};
use tonic::{Code as Grpc, Status};

async fn update(control: &Fixture, request: v1::UpdateKeyRequest) -> Result<v1::Key, Status> {
    let key = control.client.keys().update_key(request).await?;
    Ok(key.into_inner())
}

fn restrictions() -> v1::KeyRestrictions {
    v1::KeyRestrictions {
        rules: Some(v1::Rules {
            upstreams: vec!["github".to_owned()],
            allow: vec!["github.get_*".to_owned()],
            max_tier: v1::Tier::Read.into(),
            ..v1::Rules::default()
        }),
        limits: Some(v1::Limits {
            calls_per_minute: Some(5),
            ..v1::Limits::default()
        }),
        networks: vec!["10.0.0.0/8".to_owned()],
        window: Some("mon,tue 08:00-18:00".to_owned()),
    }
}

/// What a key is held to goes to every edge that asks about it.
#[tokio::test]
async fn a_key_is_held_to_what_it_was_given() {
    let control = start().await;
    let request = v1::CreateKeyRequest {
        policies: Vec::new(),
        restrictions: Some(restrictions()),
        ..new_key("narrow")
    };
    let created = control.create_key(request).await.expect("a key");
    let key = created.key.expect("a key");
    assert_eq!(key.restrictions, Some(restrictions()));
    assert_eq!(control.get_key(&key.id).await.expect("the key"), key);
    let principal = control.authenticate(&created.secret).await.expect("ada");
    assert_eq!(principal.key_rules, restrictions().rules);
    assert_eq!(principal.networks, ["10.0.0.0/8"]);
    assert_eq!(principal.window.as_deref(), Some("mon,tue 08:00-18:00"));
    let own = v1::limited::By::Own(restrictions().limits.expect("limits"));
    assert_eq!(principal.limits[0].by, Some(own));
    // Its own rules are all that it has, within what its owner may do.
    assert!(principal.key_scope.expect("a scope").unlimited);
}

#[tokio::test]
async fn a_key_is_changed_where_it_is_said_and_nowhere_else() {
    let control = start().await;
    let before = control.key("build").await.key.expect("a key");
    let request = v1::UpdateKeyRequest {
        key: before.id.clone(),
        name: Some("deploy".to_owned()),
        restrictions: Some(restrictions()),
        expires_in_seconds: Some(60),
        ..v1::UpdateKeyRequest::default()
    };
    let after = update(&control, request).await.expect("the key");
    let expected = v1::Key {
        name: "deploy".to_owned(),
        restrictions: Some(restrictions()),
        expires_at: after.expires_at,
        etag: after.etag.clone(),
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert_ne!(after.expires_at, before.expires_at);
    assert_ne!(after.etag, before.etag);

    let id = || before.id.clone();
    let bad = [
        v1::UpdateKeyRequest {
            name: Some(String::new()),
            ..v1::UpdateKeyRequest::default()
        },
        v1::UpdateKeyRequest {
            policies: Some(v1::KeyPolicies::default()),
            restrictions: Some(v1::KeyRestrictions::default()),
            ..v1::UpdateKeyRequest::default()
        },
        v1::UpdateKeyRequest {
            restrictions: Some(v1::KeyRestrictions {
                networks: vec!["10.0.0.0/99".to_owned()],
                ..v1::KeyRestrictions::default()
            }),
            ..v1::UpdateKeyRequest::default()
        },
        v1::UpdateKeyRequest {
            restrictions: Some(v1::KeyRestrictions {
                window: Some("whenever".to_owned()),
                ..v1::KeyRestrictions::default()
            }),
            ..v1::UpdateKeyRequest::default()
        },
    ];
    for request in bad {
        let refused = update(
            &control,
            v1::UpdateKeyRequest {
                key: id(),
                ..request
            },
        )
        .await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    control.revoke(&id()).await;
    let request = v1::UpdateKeyRequest {
        key: id(),
        name: Some("again".to_owned()),
        ..v1::UpdateKeyRequest::default()
    };
    let refused = update(&control, request).await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
}

/// Whoever finds a whole key can end it; half a key, or a guess, ends nothing.
#[tokio::test]
async fn a_leaked_key_is_revoked_by_whoever_has_it() {
    let control = start().await;
    let created = control.key("build").await;
    let (key, secret) = (created.key.expect("a key"), created.secret);
    let report = async |key: String| {
        let request = v1::ReportLeakedKeyRequest { key };
        control.client.keys().report_leaked_key(request).await
    };
    let other = control.key("other").await.secret;
    let forged = mint(
        Mode::Live,
        &PublicId::parse(&key.public_id).expect("an id"),
        [7; 32],
    );
    for wrong in [
        secret[..60].to_owned(),
        forged.expose().to_owned(),
        String::new(),
    ] {
        let refused = report(wrong).await;
        assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    }
    assert_eq!(
        control.get_key(&key.id).await.expect("it").state(),
        KeyState::Active
    );
    let answer = report(format!(" {secret}\n")).await.expect("revoked");
    assert_eq!(
        answer.into_inner().key,
        format!("ost_live_{}", key.public_id)
    );
    assert_eq!(
        control.get_key(&key.id).await.expect("it").state(),
        KeyState::Revoked
    );
    control
        .authenticate(&other)
        .await
        .expect("another key is none of it");
}

/// Whoever has a secret that ended has nothing, and so ends nothing: not the key that was rotated because of it.
#[tokio::test]
async fn a_leaked_secret_that_ended_ends_no_key() {
    let control = start().await;
    let report = async |key: &str| {
        let key = key.to_owned();
        let request = v1::ReportLeakedKeyRequest { key };
        let answer = control.client.keys().report_leaked_key(request).await;
        answer.expect("known").into_inner().key
    };
    let changes = async || {
        let events = control.events().await;
        let leaked = events.iter().filter(|event| event.action == "keys.leaked");
        leaked.count()
    };
    let created = control.key("build").await;
    let key = created.key.expect("a key");
    let known_as = format!("ost_live_{}", key.public_id);
    let second = control.rotate(&key.id, 0).await.secret;
    for _ in 0..2 {
        assert_eq!(report(&created.secret).await, known_as);
    }
    let state = async || control.get_key(&key.id).await.expect("it").state();
    assert_eq!((state().await, changes().await), (KeyState::Active, 0));
    control.authenticate(&second).await.expect("it works on");

    // One that works for an overlap is one that works.
    control.rotate(&key.id, 3_600).await;
    assert_eq!(report(&second).await, known_as);
    assert_eq!((state().await, changes().await), (KeyState::Revoked, 1));
    let revoked = control.get_key(&key.id).await.expect("it");
    for again in [&second, &created.secret] {
        assert_eq!(report(again).await, known_as);
    }
    assert_eq!(control.get_key(&key.id).await.expect("it"), revoked);
    assert_eq!(changes().await, 1);
}

/// A key that is off, or at its end, works again when somebody says so: it is revoked all the same.
#[tokio::test]
async fn a_leaked_key_that_could_work_again_is_revoked() {
    let control = start().await;
    let off = control.key("off").await;
    control
        .inactivate(&off.key.as_ref().expect("a key").id)
        .await;
    let ended = control.key("ended").await;
    let id = ended.key.as_ref().expect("a key").id.clone();
    let public_id = &ended.key.as_ref().expect("a key").public_id;
    control
        .sql(&format!(
            "UPDATE api_keys SET expires_at = created_at WHERE public_id = '{public_id}'"
        ))
        .await;
    assert_eq!(
        control.get_key(&id).await.expect("it").state(),
        KeyState::Expired
    );
    for leaked in [off, ended] {
        let key = leaked.secret;
        let request = v1::ReportLeakedKeyRequest { key };
        let answer = control.client.keys().report_leaked_key(request).await;
        answer.expect("known");
        let id = leaked.key.expect("a key").id;
        let state = control.get_key(&id).await.expect("it").state();
        assert_eq!(state, KeyState::Revoked);
    }
}

/// An administrator can set how long keys live at most.
#[tokio::test]
async fn a_maximum_bounds_every_key() {
    let database = crate::harness::database::fresh().await;
    let config = ostia_control::Config {
        max_key_lifetime: Some(std::time::Duration::from_secs(3_600)),
        ..config(&database)
    };
    let control = ostia_control::Control::open(config)
        .await
        .expect("a control");
    let client = control.client();
    let request = v1::CreateUserRequest {
        name: "ada".to_owned(),
        role: v1::Role::Administrator.into(),
        ..v1::CreateUserRequest::default()
    };
    client.identity().create_user(request).await.expect("ada");
    let make = async |request: v1::CreateKeyRequest| {
        let request = v1::CreateKeyRequest {
            policies: Vec::new(),
            restrictions: Some(restrictions()),
            ..request
        };
        client.keys().create_key(request).await
    };
    let default = make(new_key("default")).await.expect("a key").into_inner();
    assert_eq!(lifetime(&default.key.expect("a key")), Some(3_600));
    let never = v1::CreateKeyRequest {
        never_expires: true,
        ..new_key("never")
    };
    let long = v1::CreateKeyRequest {
        expires_in_seconds: Some(3_601),
        ..new_key("long")
    };
    for request in [never, long] {
        let refused = make(request).await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    control.close().await;
}

/// The maximum counts from when a key was made, so that no change makes it live longer; and what was made before
/// there was one is never given more than it has.
#[tokio::test]
async fn a_maximum_bounds_every_change() {
    const MAX: i64 = 3_600;
    let before = start().await;
    let make = async |name: &str, seconds: Option<u64>| {
        let request = v1::CreateKeyRequest {
            expires_in_seconds: seconds,
            never_expires: seconds.is_none(),
            ..new_key(name)
        };
        let made = before.create_key(request).await.expect("a key");
        made.key.expect("a key")
    };
    let short = make("short", Some(60)).await;
    let old = make("old", Some(60)).await;
    let long = make("long", Some(1_000_000)).await;
    let never = make("never", None).await;
    // Both databases read it: SQLite keeps times as text.
    let made_at = clock::now() - TimeDelta::seconds(MAX / 2);
    let made_at = made_at.format("%Y-%m-%d %H:%M:%S%.6f+00:00");
    let change = format!(
        "UPDATE api_keys SET created_at = '{made_at}' WHERE public_id = '{}'",
        old.public_id
    );
    before.sql(&change).await;

    let config = ostia_control::Config {
        max_key_lifetime: Some(std::time::Duration::from_secs(MAX.unsigned_abs())),
        ..config(&before.database)
    };
    let control = ostia_control::Control::open(config).await;
    let control = control.expect("a control");
    let mut keys = control.client().keys();
    let mut update = async |key: &v1::Key, seconds: Option<i64>| {
        let request = v1::UpdateKeyRequest {
            key: key.id.clone(),
            expires_in_seconds: seconds.map(i64::unsigned_abs),
            never_expires: seconds.is_none(),
            ..v1::UpdateKeyRequest::default()
        };
        let updated = keys.update_key(request).await;
        updated.map(tonic::Response::into_inner)
    };
    let refused = |answer: Result<v1::Key, Status>| {
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    };
    // A moment passed since it was made.
    refused(update(&short, Some(MAX)).await);
    refused(update(&short, None).await);
    let longer = update(&short, Some(MAX - 60)).await.expect("within");
    assert!(lifetime(&longer).is_some_and(|lives| (MAX - 60..=MAX).contains(&lives)));

    // Half of its time is over, however often it is asked for more.
    refused(update(&old, Some(MAX / 2)).await);
    let longer = update(&old, Some(MAX / 2 - 60)).await.expect("within");
    assert!(lifetime(&longer).is_some_and(|lives| lives <= MAX));
    // Another secret is none either.
    let rotate = v1::RotateKeyRequest {
        key: old.id.clone(),
        overlap_seconds: 0,
    };
    let rotated = control.client().keys().rotate_key(rotate).await;
    rotated.expect("rotated");
    refused(update(&old, Some(MAX / 2)).await);

    // It has more than the maximum, from before: it may have less, and nothing else.
    refused(update(&long, Some(1_000_000)).await);
    update(&long, Some(MAX * 2)).await.expect("less");
    refused(update(&long, Some(MAX * 2 + 60)).await);

    // It has no end, from before: once it has one it is as any other.
    refused(update(&never, None).await);
    refused(update(&never, Some(MAX + 1)).await);
    let ends = update(&never, Some(MAX)).await.expect("an end");
    assert!(ends.expires_at.is_some());
    refused(update(&never, Some(MAX + 60)).await);
    control.close().await;
}
