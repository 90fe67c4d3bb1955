//! Arguments that were kept: bound to their event, and gone when it is old.

use crate::{
    control::{
        chain::{intact, literal},
        fixture::{Fixture, assert_refused, config, start},
        records::{call, id, made_at, record},
    },
    harness::{database, wait::until},
};
use chrono::TimeDelta;
use ostia_control::{Config, Control, Retention};
use ostia_domain::{clock, code::Code};
use ostia_proto::{ControlClient, v1};
use std::time::Duration;
use tonic::{Code as Grpc, Status};
use uuid::Uuid;

fn with_arguments(record: v1::CallRecord, json: &str) -> v1::CallRecord {
    v1::CallRecord {
        arguments: Some(v1::KeptArguments {
            json: json.to_owned(),
            cut: true,
        }),
        ..record
    }
}

/// What is read of a call after its row was set to something, and whether it is called intact.
async fn read_after(
    control: &Fixture,
    auditor: &ControlClient,
    of: &v1::CallRecord,
    set: &str,
) -> (String, bool) {
    let event = Uuid::from_slice(&of.id).expect("a UUID");
    let event = literal(control, event);
    let update = format!("UPDATE audit_arguments SET {set} WHERE event_id = {event}");
    control.sql(&update).await;
    let kept = read(auditor, of).await.expect("arguments");
    (kept.arguments, kept.intact)
}

async fn auditor(control: &Fixture) -> ControlClient {
    let user = control.user("audrey", v1::Role::Auditor, &[]).await;
    let user = Uuid::try_parse(&user.id).expect("a UUID");
    control.client.on_behalf_of(user)
}

async fn read(
    client: &ControlClient,
    record: &v1::CallRecord,
) -> Result<v1::ReadArgumentsResponse, Status> {
    let event = Uuid::from_slice(&record.id).expect("a UUID").to_string();
    let request = v1::ReadArgumentsRequest { event };
    let kept = client.audit().read_arguments(request).await?;
    Ok(kept.into_inner())
}

/// An auditor reads those of a call.
pub(super) async fn read_some(control: &Fixture) {
    let sent = with_arguments(call("github", "search"), "{}");
    record(control, vec![sent.clone()]).await.expect("recorded");
    read(&auditor(control).await, &sent)
        .await
        .expect("arguments");
}

#[tokio::test]
async fn who_changes_them_is_found_out() {
    let control = start().await;
    let auditor = auditor(&control).await;
    let sent = with_arguments(call("github", "search"), r#"{"q":"é"}"#);
    // Once, however often it comes.
    for _ in 0..2 {
        let batch = vec![sent.clone(), call("github", "other")];
        record(&control, batch).await.expect("recorded");
    }
    let kept = read(&auditor, &sent).await.expect("arguments");
    assert_eq!(kept.arguments, r#"{"q":"é"}"#);
    assert!(kept.cut && kept.intact, "{kept:?}");
    // Made up, taken from another call, or damaged.
    let forged = read_after(&control, &auditor, &sent, "sealed = NULL, arguments = '{}'").await;
    assert_eq!(forged, ("{}".to_owned(), false));
    let other = with_arguments(call("github", "search"), r#"{"q":"other"}"#);
    record(&control, vec![other.clone()])
        .await
        .expect("recorded");
    let swap = "sealed = (SELECT sealed FROM audit_arguments WHERE sealed IS NOT NULL)";
    let swapped = read_after(&control, &auditor, &sent, swap).await;
    assert_eq!(swapped, ("null".to_owned(), false));
    read(&auditor, &other).await.expect("its own call has them");
    // Nor can the event be changed to fit.
    intact(&control).await;
    let event = control.events().await;
    let event = event.iter().find(|event| id(&event.id) == sent.id);
    assert!(event.expect("the event").detail.contains("kept_arguments"));

    let unknown = call("github", "search");
    let refused = read(&auditor, &unknown).await;
    assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    let refused = read(&control.client, &sent).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
}

#[tokio::test]
async fn they_go_with_their_events() {
    let control = start().await;
    let auditor = auditor(&control).await;
    let old = clock::now() - TimeDelta::days(100);
    let old = with_arguments(made_at(old, call("github", "old")), "{}");
    let new = with_arguments(call("github", "new"), "{}");
    record(&control, vec![old.clone(), new.clone()])
        .await
        .expect("recorded");
    let retention = Retention {
        audit_calls: Some(Duration::from_secs(90 * 86_400)),
        audit_changes: None,
        usage_records: None,
        usage_hours: None,
        usage_days: None,
        every: Duration::from_millis(50),
    };
    let keeping = Config {
        retention: Some(retention),
        ..config(&control.database)
    };
    let keeper = Control::open(keeping).await.expect("a control");
    let gone = until(Duration::from_secs(20), "the old one is gone", || async {
        match read(&auditor, &old).await {
            Err(status) if status.code() == Grpc::NotFound => Ok(()),
            kept => Err(kept),
        }
    });
    gone.await;
    read(&auditor, &new).await.expect("the new one stays");
    keeper.close().await;
}

/// The database has nothing that anybody can read, nor has what is made of it.
#[tokio::test]
async fn a_backup_has_them_sealed() {
    let control = start().await;
    let auditor = auditor(&control).await;
    let said = "something that nobody else is to read";
    let sent = with_arguments(call("github", "search"), &format!(r#"{{"q":"{said}"}}"#));
    record(&control, vec![sent.clone()])
        .await
        .expect("recorded");
    let kept = read(&auditor, &sent).await.expect("arguments");
    assert!(kept.arguments.contains(said) && kept.intact, "{kept:?}");
    let backup = whole_backup(&control.client).await;
    let rows = backup
        .lines()
        .filter(|line| line.contains("audit_arguments"));
    assert_ne!(rows.count(), 0, "{backup}");
    assert!(!backup.contains(said), "{backup}");
    for (column, value) in database::columns(&control.database.url).await {
        let found = value
            .windows(said.len())
            .any(|part| part == said.as_bytes());
        assert!(!found, "{column}");
    }
}

async fn whole_backup(client: &ControlClient) -> String {
    let request = v1::CreateBackupRequest::default();
    let answer = client.backup().create_backup(request).await;
    let mut parts = answer.expect("a backup").into_inner();
    let mut backup = Vec::new();
    while let Some(part) = parts.message().await.expect("a part") {
        backup.extend(part.text);
    }
    String::from_utf8(backup).expect("lines of JSON")
}

/// Those of before are sealed by the same command that changes the master key.
#[tokio::test]
async fn rotation_seals_those_that_were_plain() {
    let control = start().await;
    let auditor = auditor(&control).await;
    let json = r#"{"q":"é"}"#;
    let sent = with_arguments(call("github", "search"), json);
    record(&control, vec![sent.clone()])
        .await
        .expect("recorded");
    // As a version before wrote it.
    let plain = format!("sealed = NULL, arguments = '{json}'");
    let before = read_after(&control, &auditor, &sent, &plain).await;
    assert_eq!(before, (json.to_owned(), true));
    let rotate = async || {
        let request = v1::RotateVaultRequest {};
        control.client.vault().rotate_vault(request).await
    };
    let rotated = rotate().await.expect("rotated").into_inner();
    assert_eq!((rotated.resealed, rotated.unopened), (1, 0));
    for (column, value) in database::columns(&control.database.url).await {
        let found = value
            .windows(json.len())
            .any(|part| part == json.as_bytes());
        assert!(!found, "{column}");
    }
    let kept = read(&auditor, &sent).await.expect("arguments");
    assert_eq!((kept.arguments.as_str(), kept.intact), (json, true));
    let rotated = rotate().await.expect("rotated").into_inner();
    assert_eq!((rotated.resealed, rotated.unopened), (0, 0));
}
