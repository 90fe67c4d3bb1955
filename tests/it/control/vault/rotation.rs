//! From one master key to another, while everything goes on.

use super::{CANARY, snapshot_with};
use crate::{
    control::fixture::{config, definition, snapshot},
    harness::database::{self, Database},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_control::{Config, Control};
use ostia_domain::key::Secret;
use ostia_proto::{
    ControlClient,
    v1::{self, MasterKeyUse as Use},
};
use std::{collections::HashMap, pin::pin};

const OLD: u8 = 1;
const NEW: u8 = 2;

/// A control with these master keys, the first of which seals.
async fn open(database: &Database, keys: &[u8]) -> Control {
    let keys = keys.iter().map(|byte| STANDARD.encode([*byte; 32]));
    let config = Config {
        master_keys: keys.map(Secret::new).collect(),
        ..config(database)
    };
    Control::open(config).await.expect("a control")
}

async fn add(client: &ControlClient, name: &str, env: &[(&str, &str)]) {
    let request = v1::AddUpstreamRequest {
        definition: Some(definition(name, env)),
    };
    let added = client.upstreams().add_upstream(request).await;
    added.expect("an upstream");
}

async fn status(client: &ControlClient) -> Vec<(Use, u64)> {
    let request = v1::GetVaultStatusRequest {};
    let status = client.vault().get_vault_status(request).await;
    let keys = status.expect("a status").into_inner().keys;
    keys.iter().map(|key| (key.r#use(), key.values)).collect()
}

async fn rotate(client: &ControlClient) -> v1::RotateVaultResponse {
    let request = v1::RotateVaultRequest {};
    let rotated = client.vault().rotate_vault(request).await;
    rotated.expect("a rotation").into_inner()
}

fn env(upstream: v1::Upstream) -> HashMap<String, String> {
    let definition = upstream.definition.expect("a definition");
    definition.stdio().expect("a command").env.clone()
}

#[tokio::test]
async fn two_keys_live_at_once_and_then_the_old_one_can_go() {
    let database = database::fresh().await;
    let control = open(&database, &[OLD]).await;
    add(&control.client(), "before", &[("TOKEN", CANARY)]).await;
    assert_eq!(status(&control.client()).await, [(Use::Seals, 1)]);
    control.close().await;

    let control = open(&database, &[NEW, OLD]).await;
    let client = control.client();
    add(&client, "after", &[("TOKEN", CANARY)]).await;
    for name in ["before", "after"] {
        assert_eq!(env(snapshot_with(&client, name).await)["TOKEN"], CANARY);
    }
    assert_eq!(status(&client).await, [(Use::Seals, 1), (Use::Opens, 1)]);
    assert_eq!(rotate(&client).await.resealed, 1);
    assert_eq!(status(&client).await, [(Use::Seals, 2), (Use::Opens, 0)]);
    // There is nothing left to do, and doing it again is no harm.
    assert_eq!(rotate(&client).await.resealed, 0);
    control.close().await;

    let control = open(&database, &[NEW]).await;
    for name in ["before", "after"] {
        let upstream = snapshot_with(&control.client(), name).await;
        assert_eq!(env(upstream)["TOKEN"], CANARY);
    }
    assert_eq!(status(&control.client()).await, [(Use::Seals, 2)]);
    control.close().await;
}

#[tokio::test]
async fn every_rotation_is_audited_without_a_secret() {
    let database = database::fresh().await;
    let control = open(&database, &[OLD]).await;
    add(&control.client(), "one", &[("A", CANARY), ("B", CANARY)]).await;
    control.close().await;
    let control = open(&database, &[NEW, OLD]).await;
    let rotated = rotate(&control.client()).await;
    let request = v1::ListEventsRequest {
        page_size: 100,
        ..v1::ListEventsRequest::default()
    };
    let events = control.client().audit().list_events(request).await;
    let events = events.expect("events").into_inner().events;
    let told = events.iter().map(|event| format!("{event:?}"));
    let told: Vec<_> = told
        .filter(|event| event.contains("vault.rotate"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&rotated.key_id), "{told:?}");
    assert!(!told[0].contains(CANARY));
    control.close().await;
}

#[tokio::test]
async fn what_no_key_opens_is_counted_and_left_as_it_is() {
    let database = database::fresh().await;
    let control = open(&database, &[OLD]).await;
    add(&control.client(), "lost", &[("TOKEN", CANARY)]).await;
    control.close().await;

    let control = open(&database, &[NEW]).await;
    let client = control.client();
    add(&client, "known", &[("TOKEN", CANARY)]).await;
    assert_eq!(status(&client).await, [(Use::Seals, 1), (Use::Missing, 1)]);
    let rotated = rotate(&client).await;
    assert_eq!((rotated.resealed, rotated.unopened), (0, 1));
    control.close().await;

    let control = open(&database, &[NEW, OLD]).await;
    let rotated = rotate(&control.client()).await;
    assert_eq!((rotated.resealed, rotated.unopened), (1, 0));
    let upstream = snapshot_with(&control.client(), "lost").await;
    assert_eq!(env(upstream)["TOKEN"], CANARY);
    control.close().await;
}

/// Upstreams and variables of each: more than a few batches.
const UPSTREAMS: usize = 12;
const VARIABLES: u64 = 100;

#[tokio::test]
async fn upstreams_are_read_and_added_while_their_values_are_sealed_anew() {
    let database = database::fresh().await;
    let control = open(&database, &[OLD]).await;
    let names: Vec<_> = (0..VARIABLES).map(|n| format!("V{n}")).collect();
    let variables: Vec<_> = names.iter().map(|name| (&**name, CANARY)).collect();
    for n in 0..UPSTREAMS {
        add(&control.client(), &format!("many-{n}"), &variables).await;
    }
    control.close().await;

    let control = open(&database, &[NEW, OLD]).await;
    let client = control.client();
    let mut rotation = pin!(rotate(&client));
    loop {
        tokio::select! {
            biased;
            keys = status(&client) => if keys.iter().all(|(_, values)| *values > 0) { break },
            rotated = &mut rotation => panic!("done before anybody looked: {rotated:?}"),
        }
    }
    // It stands still now, in the middle: nobody asks it to go on.
    let other = open(&database, &[NEW, OLD]).await;
    assert_eq!(
        every_value(&other.client()).await,
        UPSTREAMS as u64 * VARIABLES
    );
    other.close().await;

    let use_it = async {
        // What was added last makes a snapshot be read that has everything else, too.
        for n in 1..=5 {
            let name = format!("new-{n}");
            add(&client, &name, &[("TOKEN", CANARY)]).await;
            snapshot_with(&client, &name).await;
            assert_eq!(every_value(&client).await, UPSTREAMS as u64 * VARIABLES + n);
        }
    };
    let (rotated, ()) = tokio::join!(rotation, use_it);
    assert_eq!(rotated.resealed, UPSTREAMS as u64 * VARIABLES);
    control.close().await;
}

/// How many values edges get; each is what it was.
async fn every_value(client: &ControlClient) -> u64 {
    let upstreams = snapshot(client).await.upstreams.into_iter();
    let values = upstreams.flat_map(|upstream| env(upstream).into_values());
    values.inspect(|value| assert_eq!(value, CANARY)).count() as u64
}
