//! A key mints no keys of the account that it belongs to.

use super::{Served, administrator, list, serve};
use crate::control::fixture::assert_refused;
use ostia_domain::{
    code::Code,
    key::{Presented, Secret},
};
use ostia_proto::{ControlClient, v1};
use tonic::{Code as Grpc, Status};

fn with(served: &Served, secret: &str) -> ControlClient {
    let secret = Secret::new(secret);
    ControlClient::remote(&served.endpoint(), Some(&secret)).expect("a client")
}

/// Another key of `ci`, made by whoever runs the installation.
async fn other_key(served: &Served) -> String {
    let request = v1::CreateKeyRequest {
        owner: Some("ci".to_owned()),
        ..crate::control::fixture::new_key("other")
    };
    let request = v1::CreateKeyRequest {
        policies: Vec::new(),
        ..request
    };
    let made = served.control.client().keys().create_key(request).await;
    made.expect("a key").into_inner().key.expect("a key").id
}

#[track_caller]
fn mints_none<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let told = assert_refused(answer, Grpc::PermissionDenied, Code::Forbidden);
    assert!(
        told.starts_with("with an API key, no key of the account"),
        "{told}"
    );
}

#[tokio::test]
async fn a_key_gets_its_account_no_other_key() {
    let served = serve(None).await;
    let secret = administrator(&served, "ci", v1::KeyRestrictions::default()).await;
    let own = Presented::parse(&secret)
        .expect("a key")
        .public_id()
        .to_string();
    let other = other_key(&served).await;
    let mut keys = with(&served, &secret).keys();
    for owner in ["ci", &owner_id(&served, &own).await] {
        let request = v1::CreateKeyRequest {
            name: "more".to_owned(),
            owner: Some(owner.to_owned()),
            ..v1::CreateKeyRequest::default()
        };
        mints_none(keys.create_key(request).await);
    }
    for key in [&own, &other] {
        let update = v1::UpdateKeyRequest {
            key: key.clone(),
            ..v1::UpdateKeyRequest::default()
        };
        for change in [
            v1::UpdateKeyRequest {
                never_expires: true,
                ..update.clone()
            },
            v1::UpdateKeyRequest {
                expires_in_seconds: Some(86_400),
                ..update.clone()
            },
            v1::UpdateKeyRequest {
                restrictions: Some(v1::KeyRestrictions::default()),
                ..update.clone()
            },
            v1::UpdateKeyRequest {
                policies: Some(v1::KeyPolicies::default()),
                ..update.clone()
            },
            v1::UpdateKeyRequest {
                plan: Some(String::new()),
                ..update.clone()
            },
        ] {
            mints_none(keys.update_key(change).await);
        }
        let activate = v1::ActivateKeyRequest { key: key.clone() };
        mints_none(keys.activate_key(activate).await);
        let renamed = v1::UpdateKeyRequest {
            name: Some(format!("renamed {key}")),
            ..update
        };
        keys.update_key(renamed).await.expect("a name is no right");
    }
    // Of another one, that may do more or live longer, it gets no secret and no token.
    let rotate = |key: &str| v1::RotateKeyRequest {
        key: key.to_owned(),
        overlap_seconds: 60,
    };
    mints_none(keys.rotate_key(rotate(&other)).await);
    let token = |key: &str| v1::IssueAccessTokenRequest {
        key: key.to_owned(),
    };
    mints_none(keys.issue_access_token(token(&other)).await);
    keys.issue_access_token(token(&own)).await.expect("a token");
}

#[tokio::test]
async fn a_key_is_rotated_by_itself_and_ends_others() {
    let served = serve(None).await;
    let secret = administrator(&served, "ci", v1::KeyRestrictions::default()).await;
    let own = Presented::parse(&secret)
        .expect("a key")
        .public_id()
        .to_string();
    let other = other_key(&served).await;
    let mut keys = with(&served, &secret).keys();
    let before = keys
        .get_key(v1::GetKeyRequest {
            key: own.clone(),
            owner: None,
        })
        .await;
    let before = before.expect("the key").into_inner();
    let rotate = v1::RotateKeyRequest {
        key: own,
        overlap_seconds: 60,
    };
    let rotated = keys
        .rotate_key(rotate)
        .await
        .expect("a secret")
        .into_inner();
    let after = rotated.key.expect("the key");
    assert_eq!(after.expires_at, before.expires_at);
    assert_eq!(after.restrictions, before.restrictions);
    list(&served.endpoint(), Some(&rotated.secret))
        .await
        .expect("it works");
    let key = || other.clone();
    keys.inactivate_key(v1::InactivateKeyRequest { key: key() })
        .await
        .expect("inactive");
    keys.revoke_key(v1::RevokeKeyRequest { key: key() })
        .await
        .expect("revoked");
    keys.delete_key(v1::DeleteKeyRequest { key: key() })
        .await
        .expect("deleted");
}

/// What it does for others is for its role to say; and the account itself, without a key, may.
#[tokio::test]
async fn keys_of_others_are_administered() {
    let served = serve(None).await;
    let secret = administrator(&served, "ci", v1::KeyRestrictions::default()).await;
    administrator(&served, "other", v1::KeyRestrictions::default()).await;
    let request = |owner: &str| v1::CreateKeyRequest {
        name: "more".to_owned(),
        owner: Some(owner.to_owned()),
        ..v1::CreateKeyRequest::default()
    };
    let mut keys = with(&served, &secret).keys();
    keys.create_key(request("other")).await.expect("a key");
    let own = Presented::parse(&secret).expect("a key").public_id();
    let ci = owner_id(&served, own.as_str()).await;
    let ci = served
        .control
        .client()
        .on_behalf_of(ci.parse().expect("an id"));
    ci.keys().create_key(request("ci")).await.expect("a key");
}

async fn owner_id(served: &Served, key: &str) -> String {
    let request = v1::GetKeyRequest {
        key: key.to_owned(),
        owner: None,
    };
    let key = served.control.client().keys().get_key(request).await;
    key.expect("a key").into_inner().owner_id
}

/// Whatever its role may hold of others: the secret that comes does what the one that asked does. Auditors change
/// nothing.
#[tokio::test]
async fn a_key_of_every_role_is_rotated_by_itself() {
    let served = serve(None).await;
    let (identity, keys) = (
        served.control.client().identity(),
        served.control.client().keys(),
    );
    for role in [
        v1::Role::Member,
        v1::Role::Operator,
        v1::Role::Administrator,
        v1::Role::Auditor,
    ] {
        let name = role.as_str_name();
        let account = v1::CreateUserRequest {
            name: name.to_owned(),
            role: role.into(),
            kind: v1::UserKind::Service.into(),
            ..v1::CreateUserRequest::default()
        };
        identity.clone().create_user(account).await.expect(name);
        let make = async |of: &str| {
            let request = v1::CreateKeyRequest {
                name: of.to_owned(),
                owner: Some(name.to_owned()),
                ..v1::CreateKeyRequest::default()
            };
            let made = keys.clone().create_key(request).await;
            let made = made.expect(name).into_inner();
            (made.key.expect(name).id, made.secret)
        };
        let ((own, secret), (other, _)) = (make("own").await, make("other").await);
        let rotate = async |key: &str| {
            let request = v1::RotateKeyRequest {
                key: key.to_owned(),
                overlap_seconds: 60,
            };
            with(&served, &secret).keys().rotate_key(request).await
        };
        let refused = rotate(&other).await;
        assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
        let rotated = rotate(&own).await;
        if role == v1::Role::Auditor {
            assert_refused(rotated, Grpc::PermissionDenied, Code::Forbidden);
            continue;
        }
        let rotated = rotated.expect(name).into_inner().secret;
        list(&served.endpoint(), Some(&rotated)).await.expect(name);
    }
}
