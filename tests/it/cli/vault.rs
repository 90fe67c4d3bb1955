//! `ostia vault`, and where master keys come from.

use super::{FAILED, texts};
use crate::harness::{control, ostia::Ostia, upstreams, wait};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1::{self, MasterKeyUse};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use std::{fs, time::Duration};

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

/// What the built-in commands of a machine print is as good as what a vault's client prints.
#[tokio::test]
async fn keys_come_from_a_file_or_a_command_and_are_changed_without_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, toml) = (folder.path().join("keys"), folder.path().join("ostia.toml"));
    let set = |text: &str| fs::write(&file, text).expect("a file");
    set(&key(1));
    fs::write(&toml, "[vault]\nmaster_key_file = \"keys\"\n").expect("a file");
    let mut ostia = Ostia::options()
        .arg("--config")
        .arg(toml.to_str().expect("UTF-8"))
        .start()
        .await;
    // What is kept elsewhere is not kept here as well.
    let secrets = fs::read_to_string(ostia.data_dir().join("secrets.toml")).expect("secrets");
    assert!(!secrets.contains("master_key"), "{secrets}");
    upstreams::program("sealed", "true", &[])
        .credential("TOKEN", "canary-51d0")
        .define(&control::client(&ostia))
        .await;
    ostia.stop().await;

    let command = json!(["cat", file.to_str().expect("UTF-8")]);
    let text = format!("[vault]\nmaster_key_command = {command}\n");
    fs::write(&toml, text).expect("a file");
    set(&format!("{}\n{}\n", key(2), key(1)));
    ostia.start_elsewhere().await;
    let before = ostia.cli(&["vault", "status"]).await.ok().json();
    assert_eq!(texts(&before, "use"), ["seals", "opens"]);
    assert_eq!(
        (&before[0]["values"], &before[1]["values"]),
        (&json!(0), &json!(1))
    );
    let rotated = ostia.cli(&["vault", "rotate"]).await.ok().json();
    assert_eq!(rotated["resealed"], 1);
    assert_eq!(rotated["key_id"], before[0]["id"]);
    ostia.stop().await;

    set(&key(2));
    ostia.start_elsewhere().await;
    let after = ostia.cli(&["vault", "status"]).await.ok().json();
    assert_eq!(
        after,
        json!([{"id": before[0]["id"], "use": "seals", "values": 1}])
    );
    for key in [key(1), key(2)] {
        assert!(!ostia.log().contains(&key), "a master key is in the log");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_fails_the_command() {
    let mut ostia = Ostia::options()
        .roles(&["control"])
        .env("OSTIA_MASTER_KEY", key(1))
        .start()
        .await;
    upstreams::program("sealed", "true", &[])
        .credential("TOKEN", "canary-51d0")
        .define(&control::client(&ostia))
        .await;
    ostia.stop().await;
    // No control runs: the command opens the database, with what it is told.
    let other = [("OSTIA_MASTER_KEY", &*key(2))];
    let rotated = ostia.cli_with(&["vault", "rotate"], &other).await;
    assert_eq!(rotated.code, FAILED, "{rotated:?}");
    let status = ostia
        .cli_with(&["vault", "status"], &other)
        .await
        .ok()
        .json();
    assert_eq!(texts(&status, "use"), ["seals", "missing"]);
    let doctor = ostia.cli_with(&["doctor"], &other).await;
    assert_eq!(doctor.code, FAILED, "{doctor:?}");
    let report = doctor.json();
    let checks = report["checks"].as_array().expect("checks").iter();
    let failed = checks.filter(|check| check["ok"] == false);
    let failed: Vec<_> = failed.map(|check| &check["name"]).collect();
    assert_eq!(failed, ["vault"]);
}

/// Upstreams and variables of each: as many as take long enough to be caught in the middle.
const UPSTREAMS: usize = 30;
const VARIABLES: usize = 100;

#[tokio::test]
async fn a_kill_in_the_middle_of_a_rotation_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys");
    fs::write(&file, key(1)).expect("a file");
    let mut ostia = Ostia::options()
        .roles(&["control"])
        .without_demo()
        .arg("--master-key-file")
        .arg(file.to_str().expect("UTF-8"))
        .start()
        .await;
    let services = control::client(&ostia);
    for n in 0..UPSTREAMS {
        let name = format!("many-{n}");
        let upstream = upstreams::program(&name, "true", &[]);
        let sealed = (0..VARIABLES).fold(upstream, |upstream, n| {
            upstream.credential(&format!("V{n}"), &format!("canary-{n}"))
        });
        sealed.define(&services).await;
    }
    ostia.stop().await;
    fs::write(&file, format!("{},{}", key(2), key(1))).expect("a file");
    ostia.start_elsewhere().await;
    let services = control::client(&ostia);
    let database = Database::connect(ostia.database_url())
        .await
        .expect("the database");
    let mut vault = services.vault();
    let first = vault.get_vault_status(v1::GetVaultStatusRequest {}).await;
    let first = first.expect("a status").into_inner().keys.remove(0);
    assert_eq!((first.r#use(), first.values), (MasterKeyUse::Seals, 0));

    let rotation = vault.rotate_vault(v1::RotateVaultRequest {});
    let caught = async {
        let begun = wait::until(
            Duration::from_secs(20),
            "the first values are sealed",
            || async {
                let events = "SELECT id FROM audit_events WHERE action = 'vault.rotate'";
                let found = database.query_one_raw(sea_orm::Statement::from_string(
                    database.get_database_backend(),
                    events,
                ));
                found.await.expect("rows").ok_or("none")
            },
        );
        begun.await;
        ostia.kill9().await;
    };
    let (broken, ()) = tokio::join!(rotation, caught);
    broken.expect_err("it was killed before it was done");
    database.close().await.expect("close");

    ostia.start_elsewhere().await;
    let status = ostia.cli(&["vault", "status"]).await.ok().json();
    let (new, old) = (&status[0]["values"], &status[1]["values"]);
    let (new, old) = (
        new.as_u64().expect("a number"),
        old.as_u64().expect("a number"),
    );
    assert!(new > 0 && old > 0, "not in the middle: {status}");
    assert_eq!(new + old, (UPSTREAMS * VARIABLES) as u64);
    let rotated = ostia.cli(&["vault", "rotate"]).await.ok().json();
    assert_eq!(rotated["resealed"], old);
    ostia.stop().await;

    // Without the old key everything is there, and as it was.
    fs::write(&file, key(2)).expect("a file");
    ostia.start_elsewhere().await;
    let services = control::client(&ostia);
    let watch = services.sync().watch(v1::WatchRequest::default()).await;
    let first = watch.expect("a watch").into_inner().message().await;
    let Some(v1::watch_response::Event::Snapshot(snapshot)) =
        first.expect("a message").and_then(|message| message.event)
    else {
        panic!("the first message is no snapshot");
    };
    assert_eq!(snapshot.upstreams.len(), UPSTREAMS);
    for upstream in snapshot.upstreams {
        let definition = upstream.definition.expect("a definition");
        let env = &definition.stdio().expect("a command").env;
        assert_eq!(env.len(), VARIABLES);
        for (name, value) in env {
            assert_eq!(*value, name.replace('V', "canary-"));
        }
    }
}
