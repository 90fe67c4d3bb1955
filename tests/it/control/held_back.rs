//! A key that changes while its first request waits for a snapshot.

use super::fixture::{Fixture, new_key, start};
use crate::harness::{
    between::Between,
    mcp::{Answer, Endpoint, modern},
    wait::until,
};
use ostia_domain::{key::Secret, name::ExposedNames};
use ostia_edge::{Edge, config};
use ostia_proto::v1;
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
};

fn edge_config(folder: &Path) -> config::Config {
    config::Config {
        name: "edge".to_owned(),
        advertise_url: None,
        allowed_hosts: Vec::new(),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        exposed_names: ExposedNames::Safe,
        max_body_bytes: config::DEFAULT_MAX_BODY_BYTES,
        session_keys: vec![Secret::new(format!("{}=", "A".repeat(43)))],
        own_program: env!("CARGO_BIN_EXE_ostia").into(),
        max_revocation_age: config::DEFAULT_MAX_REVOCATION_AGE,
        state_dir: folder.to_owned(),
        spool_dir: folder.to_owned(),
        drain_timeout: Duration::ZERO,
        process: Arc::default(),
    }
}

/// What ends a key, or this secret of it.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Revoked,
    Inactive,
    OwnerDisabled,
    Rotated,
    From,
}

impl Ending {
    const ALL: [Self; 5] = [
        Self::Revoked,
        Self::Inactive,
        Self::OwnerDisabled,
        Self::Rotated,
        Self::From,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Revoked => "key-revoked",
            Self::Inactive => "key-inactive",
            Self::OwnerDisabled => "owner-disabled",
            Self::Rotated => "key-expired",
            Self::From => "address-forbidden",
        }
    }

    async fn happens(self, control: &Fixture, key: &str, owner: &str) {
        match self {
            Self::Revoked => drop(control.revoke(key).await),
            Self::Inactive => drop(control.inactivate(key).await),
            Self::Rotated => drop(control.rotate(key, 0).await),
            Self::OwnerDisabled => {
                let request = v1::UpdateUserRequest {
                    user: owner.to_owned(),
                    enabled: Some(false),
                    ..v1::UpdateUserRequest::default()
                };
                let updated = control.client.identity().update_user(request).await;
                updated.expect("disabled");
            }
            Self::From => {
                let elsewhere = v1::KeyRestrictions {
                    networks: vec!["192.0.2.0/24".to_owned()],
                    ..v1::KeyRestrictions::default()
                };
                let request = v1::UpdateKeyRequest {
                    key: key.to_owned(),
                    restrictions: Some(elsewhere),
                    ..v1::UpdateKeyRequest::default()
                };
                let updated = control.client.keys().update_key(request).await;
                updated.expect("narrowed");
            }
        }
    }
}

async fn call(endpoint: &Endpoint) -> Answer {
    modern::call(endpoint, "none", &json!({})).send().await
}

fn code(answer: &Answer) -> String {
    answer.json()["error"]["data"]["code"].to_string()
}

/// Control says that a key is good, a snapshot is late, and meanwhile the key ends: neither the request that waits
/// nor any after it is served.
#[tokio::test]
async fn what_ended_while_a_snapshot_was_late_is_refused() {
    let control = start().await;
    let (hold, held_back) = watch::channel(false);
    let authenticated = Arc::new(Notify::new());
    let (told, mut hears) = watch::channel(Vec::<String>::new());
    let between = Between {
        control: control.client.clone(),
        held_back,
        authenticated: Arc::clone(&authenticated),
        told: Arc::new(told),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    // The clients of the tests bring the TLS provider that an edge needs.
    let anonymous = Endpoint::anonymous(&url);
    let edge = Edge::start(edge_config(folder.path()), &between.client());
    let edge = edge.expect("an edge");
    let test = async {
        let ready = until(Duration::from_secs(20), "the edge serves", || async {
            edge.ready().then_some(()).ok_or("no snapshot")
        });
        ready.await;
        for (number, ending) in Ending::ALL.into_iter().enumerate() {
            for token in [false, true] {
                let name = format!("{ending:?} {token}");
                let owner = control.user(&name, v1::Role::Member, &["all"]).await;
                let request = v1::CreateKeyRequest {
                    owner: Some(owner.id.clone()),
                    ..new_key(&name)
                };
                let made = control.create_key(request).await.expect("a key");
                let key = made.key.expect("a key").id;
                let credential = if token {
                    let request = v1::ExchangeKeyRequest { key: made.secret };
                    let exchanged = control.client.keys().exchange_key(request).await;
                    exchanged.expect("a token").into_inner().access_token
                } else {
                    made.secret
                };
                let endpoint = anonymous.with_key(&credential);
                let mut is_told = async |times: usize| {
                    let told =
                        |ids: &Vec<String>| ids.iter().filter(|id| **id == key).count() >= times;
                    hears
                        .wait_for(told)
                        .await
                        .map(drop)
                        .expect("the edge follows");
                };
                // That it was made.
                is_told(1).await;
                hold.send_replace(true);
                control.policy(&format!("late {number} {token}")).await;
                let meanwhile = async {
                    authenticated.notified().await;
                    ending.happens(&control, &key, &owner.id).await;
                    is_told(2).await;
                    hold.send_replace(false);
                };
                let (waited, ()) = tokio::join!(call(&endpoint), meanwhile);
                let later = call(&endpoint).await;
                let expected = format!("{:?}", ending.code());
                assert_eq!(code(&waited), expected, "{name}: the one that waited");
                assert_eq!(code(&later), expected, "{name}: one after it");
            }
        }
    };
    tokio::select! {
        () = edge.serve(listener) => panic!("the edge stopped"),
        () = test => {}
    }
    edge.shutdown().await;
}
