//! Which key a name means.

use super::super::fixture::{Fixture, assert_refused, new_key, start};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use tonic::{Code as Grpc, Status};

async fn make(control: &Fixture, owner: &str, name: &str) -> v1::Key {
    let request = v1::CreateKeyRequest {
        owner: Some(owner.to_owned()),
        ..new_key(name)
    };
    let made = control.create_key(request).await.expect("a key");
    made.key.expect("a key")
}

async fn get(client: &ControlClient, key: &str, owner: Option<&str>) -> Result<String, Status> {
    let request = v1::GetKeyRequest {
        key: key.to_owned(),
        owner: owner.map(str::to_owned),
    };
    Ok(client.keys().get_key(request).await?.into_inner().id)
}

#[tokio::test]
async fn a_key_is_found_by_whatever_it_is_called() {
    let control = start().await;
    let client = &control.client;
    let key = make(&control, "ada", "ci").await;
    let whole = format!("ost_live_{}", key.public_id);
    for called in [&key.id, &key.public_id, &whole, "ci"] {
        assert_eq!(get(client, called, None).await.expect("it"), key.id);
    }
    // As long as a public id, and none.
    let odd = make(&control, "ada", "reports12345").await;
    assert_eq!(get(client, "reports12345", None).await.expect("it"), odd.id);
    for none in [
        "ci2",
        "",
        "c\0i",
        "ost_live_",
        "000000000000",
        &"x".repeat(200),
    ] {
        let said = assert_refused(
            get(client, none, None).await,
            Grpc::NotFound,
            Code::NoSuchObject,
        );
        assert!(said.len() < 100, "what may be a secret is repeated: {said}");
    }
    // Every method takes it.
    let request = v1::RotateKeyRequest {
        key: "ci".to_owned(),
        overlap_seconds: 0,
    };
    let rotated = client.keys().rotate_key(request).await.expect("rotated");
    assert_eq!(rotated.into_inner().key.expect("the key").id, key.id);
    let question = v1::TestAccessRequest {
        key: "ci".to_owned(),
        tool: "demo.echo".to_owned(),
        ..v1::TestAccessRequest::default()
    };
    let answer = client.policies().test_access(question).await;
    assert_eq!(answer.expect("an answer").into_inner().tool, "demo.echo");
}

#[tokio::test]
async fn a_name_that_several_users_use_is_nobodys() {
    let control = start().await;
    let client = &control.client;
    let bob = control.user("bob", v1::Role::Member, &["all"]).await;
    let adas = make(&control, "ada", "ci").await;
    let bobs = make(&control, "bob", "ci").await;
    let said = assert_refused(
        get(client, "ci", None).await,
        Grpc::FailedPrecondition,
        Code::Conflict,
    );
    for key in [&adas, &bobs] {
        assert!(said.contains(&key.public_id), "{said}");
    }
    let revoke = v1::RevokeKeyRequest {
        key: "ci".to_owned(),
    };
    let refused = client.keys().revoke_key(revoke.clone()).await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    // Of one of them it is a name again, and a member has no others.
    assert_eq!(get(client, "ci", Some("ada")).await.expect("it"), adas.id);
    assert_eq!(get(client, "ci", Some(&bob.id)).await.expect("it"), bobs.id);
    let bob = client.on_behalf_of(bob.id.parse().expect("an id"));
    assert_eq!(get(&bob, "ci", None).await.expect("it"), bobs.id);
    for (key, owner) in [
        ("ci", Some("ada")),
        (&*adas.id, None),
        (&*adas.id, Some("bob")),
    ] {
        let foreign = get(&bob, key, owner).await;
        assert_refused(foreign, Grpc::NotFound, Code::NoSuchObject);
    }
    // What is revoked makes room for what is not.
    bob.keys().revoke_key(revoke).await.expect("revoked");
    assert_eq!(get(client, "ci", None).await.expect("it"), adas.id);
    assert_eq!(get(&bob, "ci", None).await.expect("it"), bobs.id);
    let again = make(&control, "bob", "ci").await;
    assert_eq!(get(&bob, "ci", None).await.expect("it"), again.id);
}
