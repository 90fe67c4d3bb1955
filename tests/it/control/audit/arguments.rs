//! Arguments that were kept: bound to their event, and gone when it is old.

use crate::{
    control::{
        chain::intact,
        fixture::{Fixture, assert_refused, config, start},
        records::{call, id, made_at, record},
    },
    harness::wait::until,
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
    control
        .sql("UPDATE audit_arguments SET arguments = '{}'")
        .await;
    let kept = read(&auditor, &sent).await.expect("arguments");
    assert!(!kept.intact, "{kept:?}");
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
