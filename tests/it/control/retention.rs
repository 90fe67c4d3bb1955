//! What was kept long enough goes, and chains say so.

use super::{
    chain::intact,
    fixture::{Fixture, config, start},
    records::{call, made_at, record},
};
use crate::harness::wait::until;
use chrono::{Datelike as _, Months, TimeDelta};
use ostia_control::{Config, Control, Retention};
use ostia_domain::clock::{self, Timestamp};
use ostia_proto::v1;
use sea_orm::{ConnectionTrait as _, Statement};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
pub(super) const FOR_EVER: Retention = Retention {
    audit_calls: None,
    audit_changes: None,
    usage_records: None,
    usage_hours: None,
    usage_days: None,
    every: Duration::from_millis(50),
};

fn days_ago(days: i64) -> Timestamp {
    clock::now() - TimeDelta::days(days)
}

/// Another control of the same database, which removes what is older.
pub(super) async fn keeper(control: &Fixture, retention: Retention) -> Control {
    let config = Config {
        retention: Some(retention),
        ..config(&control.database)
    };
    Control::open(config).await.expect("a control")
}

/// The tools that audit tells of, oldest first.
async fn audited(control: &Fixture) -> Vec<String> {
    let events = control.events().await;
    let calls = events
        .into_iter()
        .filter(|event| event.action == "tools/call");
    calls.map(|event| event.target).collect()
}

async fn used(control: &Fixture) -> Vec<String> {
    let records = control.usage().await;
    records.into_iter().map(|record| record.tool).collect()
}

async fn calls_by(control: &Fixture, bucket: v1::Bucket) -> u64 {
    let request = v1::SummarizeUsageRequest {
        bucket: bucket.into(),
        ..v1::SummarizeUsageRequest::default()
    };
    let answer = control.client.usage().summarize_usage(request).await;
    let rows = answer.expect("a summary").into_inner().rows;
    rows.iter().map(|row| row.calls).sum()
}

async fn prunings(control: &Fixture) -> Vec<v1::AuditEvent> {
    let events = control.events().await;
    events
        .into_iter()
        .filter(|event| event.action == "audit.prune")
        .collect()
}

async fn pruned(control: &Fixture, times: usize) -> Vec<v1::AuditEvent> {
    let told = || async {
        let events = prunings(control).await;
        if events.len() >= times {
            Ok(events)
        } else {
            Err(events)
        }
    };
    until(Duration::from_secs(20), "the events are pruned", told)
        .await
        .0
}

#[tokio::test]
async fn every_class_has_an_age_of_its_own() {
    let control = start().await;
    let old = made_at(days_ago(100), call("github", "old"));
    let new = made_at(days_ago(5), call("github", "new"));
    record(&control, vec![old.clone(), new])
        .await
        .expect("recorded");
    let age = Some(60 * DAY);
    let records = keeper(
        &control,
        Retention {
            usage_records: age,
            usage_hours: age,
            ..FOR_EVER
        },
    );
    let records = records.await;
    let gone = || async {
        let left = (
            used(&control).await,
            calls_by(&control, v1::Bucket::Hour).await,
        );
        if left == (vec!["new".to_owned()], 1) {
            Ok(())
        } else {
            Err(left)
        }
    };
    until(Duration::from_secs(20), "old usage is gone", gone).await;
    assert_eq!(
        calls_by(&control, v1::Bucket::Day).await,
        2,
        "kept for ever"
    );
    assert_eq!(audited(&control).await, ["github.old", "github.new"]);
    assert_eq!(prunings(&control).await.len(), 0);

    // It comes again, late: what was counted and removed must not be counted again.
    let again = v1::RecordRequest {
        records: vec![old.clone()],
    };
    records
        .client()
        .sync()
        .record(again)
        .await
        .expect("recorded");
    assert_eq!(used(&control).await, ["new"]);
    assert_eq!(calls_by(&control, v1::Bucket::Day).await, 2);
    records.close().await;

    let keeper = keeper(
        &control,
        Retention {
            audit_calls: age,
            ..FOR_EVER
        },
    );
    let keeper = keeper.await;
    let told = pruned(&control, 1).await;
    assert_eq!(
        (told[0].actor.as_str(), told[0].target.as_str()),
        ("control", "calls")
    );
    let detail: serde_json::Value = serde_json::from_str(&told[0].detail).expect("JSON");
    assert_eq!(detail["events"], 1);
    assert_eq!(audited(&control).await, ["github.new"]);
    let again = v1::RecordRequest { records: vec![old] };
    keeper
        .client()
        .sync()
        .record(again)
        .await
        .expect("recorded");
    assert_eq!(audited(&control).await, ["github.new"]);
    intact(&control).await;
    keeper.close().await;
}

/// Late calls are in the middle of a chain, so what goes first is not always what was written first.
#[tokio::test]
async fn chains_are_whole_whatever_went_out_of_them() {
    let control = start().await;
    let mut batch = Vec::new();
    for n in 0..6_000_i64 {
        // Of each ten, one is new and two are a little less old than the others.
        let days = match n % 10 {
            3 => 1,
            5 | 6 => 70,
            _ => 100,
        };
        let at = days_ago(days) + TimeDelta::milliseconds(n);
        batch.push(made_at(at, call("github", &n.to_string())));
    }
    for batch in batch.chunks(1_000) {
        record(&control, batch.to_vec()).await.expect("recorded");
    }
    let before = intact(&control).await.chains;
    let retention = |days: u32| Retention {
        audit_calls: Some(days * DAY),
        ..FOR_EVER
    };
    let first = keeper(&control, retention(80)).await;
    pruned(&control, 1).await;
    first.close().await;
    let left = "SELECT COUNT(*) FROM audit_events WHERE kind = 0";
    assert_eq!(number(&control, left).await, 1_800);
    let calls = |chains: Vec<v1::ChainEnd>| chains.into_iter().find(|c| c.kind == "calls");
    let chain = calls(intact(&control).await.chains).expect("a chain");
    assert_eq!((chain.sequence, chain.pruned), (6_000, 4_200));

    let second = keeper(&control, retention(50)).await;
    pruned(&control, 2).await;
    second.close().await;
    let chain = calls(intact(&control).await.chains).expect("a chain");
    assert_eq!((chain.sequence, chain.pruned), (6_000, 5_400));
    assert_eq!(audited(&control).await.len(), 600);

    // What was noted earlier went in its time, and that is no problem.
    let request = v1::VerifyEventsRequest {
        page_token: String::new(),
        known: before,
    };
    let verified = control.client.audit().verify_events(request).await;
    assert_eq!(verified.expect("a page").into_inner().problems, []);
    // What is left is still held: the third of each ten, and nothing else may be missing.
    control.sql("DELETE FROM audit_events WHERE kind = 0 AND seq = (SELECT MIN(seq) FROM audit_events WHERE kind = 0)").await;
    let request = v1::VerifyEventsRequest::default();
    let verified = control.client.audit().verify_events(request).await;
    let problems = verified.expect("a page").into_inner().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].problem, "is missing");
}

#[tokio::test]
async fn changes_go_when_they_are_old_enough() {
    let control = start().await;
    let made = control.events().await.len();
    assert!(made > 0);
    // Made now, so only a clock of then makes them old.
    let shift = first_bytes(&control, days_ago(800));
    control.sql(&shift).await;
    let keeper = keeper(
        &control,
        Retention {
            audit_changes: Some(730 * DAY),
            ..FOR_EVER
        },
    );
    let keeper = keeper.await;
    let told = pruned(&control, 1).await;
    assert_eq!(told[0].target, "changes");
    assert_eq!(
        control.events().await.len(),
        1,
        "that is the one that tells of it"
    );
    let chains = intact(&control).await.chains;
    let mut pruned: Vec<_> = chains.iter().map(|chain| chain.pruned).collect();
    pruned.sort_unstable();
    assert_eq!(pruned, [0, made as u64]);
    keeper.close().await;
}

/// Gives all events ids of a time.
fn first_bytes(control: &Fixture, at: Timestamp) -> String {
    let milliseconds = u64::try_from(at.timestamp_millis()).expect("after 1970");
    let prefix = format!("{milliseconds:012x}");
    if control.database.url.starts_with("sqlite:") {
        format!("UPDATE audit_events SET id = unhex('{prefix}' || substr(hex(id), 13))")
    } else {
        format!(
            "UPDATE audit_events SET id = ('{prefix}' || substr(replace(id::text, '-', ''), 13))::uuid"
        )
    }
}

pub(super) async fn number(control: &Fixture, sql: &str) -> i64 {
    let db = sea_orm::Database::connect(&control.database.url)
        .await
        .expect("db");
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db
        .query_one_raw(statement)
        .await
        .expect("a row")
        .expect("a row");
    let number = row.try_get_by_index(0).expect("a number");
    db.close().await.expect("close");
    number
}

/// PostgreSQL only: SQLite has one table.
#[tokio::test]
async fn months_have_partitions_before_they_begin_and_lose_them_as_a_whole() {
    let control = start().await;
    if control.database.url.starts_with("sqlite:") {
        return;
    }
    // While there is no month, everything is in the rest.
    record(&control, vec![call("github", "now")])
        .await
        .expect("recorded");
    let in_rest = "SELECT COUNT(*) FROM audit_events_calls_rest";
    assert_eq!(number(&control, in_rest).await, 1);

    // As control made it then.
    let old = days_ago(100);
    let month = old.date_naive().with_day(1).expect("a day");
    let next = month + Months::new(1);
    let id = |day: chrono::NaiveDate| {
        let at = day.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
        let hex = format!("{:012x}{:020}", at.timestamp_millis(), 0);
        uuid::Uuid::try_parse(&hex).expect("a UUID")
    };
    let table = format!("audit_events_calls_{}", month.format("%Y_%m"));
    let make = format!(
        "CREATE TABLE {table} (LIKE audit_events_calls INCLUDING ALL); \
         ALTER TABLE audit_events_calls ATTACH PARTITION {table} \
         FOR VALUES FROM ('{}') TO ('{}')",
        id(month),
        id(next)
    );
    control.sql(&make).await;
    let calls = (0_u8..50).map(|n| {
        // In turns in the old month, in the rest, and now.
        let at = [old, days_ago(50), clock::now()][usize::from(n % 3)]
            + TimeDelta::milliseconds(n.into());
        made_at(at, call("github", "then"))
    });
    record(&control, calls.collect()).await.expect("recorded");
    let in_month = format!("SELECT COUNT(*) FROM {table}");
    assert_eq!(number(&control, &in_month).await, 17);

    let keeper = keeper(
        &control,
        Retention {
            audit_calls: Some(30 * DAY),
            ..FOR_EVER
        },
    );
    let keeper = keeper.await;
    let told = pruned(&control, 1).await;
    assert!(told[0].detail.contains("\"events\":34"), "{told:?}");
    let exists = format!("SELECT COUNT(*) FROM pg_class WHERE relname = '{table}'");
    assert_eq!(number(&control, &exists).await, 0, "dropped");
    assert_eq!(
        number(&control, in_rest).await,
        0,
        "moved into the month, or pruned"
    );
    for kind in ["calls", "changes"] {
        for months in 0..=2 {
            let month = clock::now().date_naive() + Months::new(months);
            let name = format!("audit_events_{kind}_{}", month.format("%Y_%m"));
            let exists = format!("SELECT COUNT(*) FROM pg_class WHERE relname = '{name}'");
            assert_eq!(number(&control, &exists).await, 1, "{name}");
        }
    }
    assert_eq!(audited(&control).await.len(), 17);
    intact(&control).await;
    // What is written now goes where it belongs.
    record(&control, vec![call("github", "later")])
        .await
        .expect("recorded");
    assert_eq!(number(&control, in_rest).await, 0);
    intact(&control).await;
    keeper.close().await;
}

/// The month that is made for the first time is the one that everybody writes to.
#[tokio::test]
async fn nothing_that_is_written_while_months_are_made_is_refused() {
    let control = start().await;
    let write = |n: usize| {
        let (mut sync, mut plans) = (control.client.sync(), control.client.plans());
        async move {
            let records = vec![call("github", &n.to_string())];
            sync.record(v1::RecordRequest { records }).await?;
            let plan = Some(v1::Plan {
                name: format!("plan {n}"),
                ..v1::Plan::default()
            });
            plans.create_plan(v1::CreatePlanRequest { plan }).await
        }
    };
    let writing = futures_util::future::join_all((0..200).map(write));
    let (written, keeper) = futures_util::join!(writing, keeper(&control, FOR_EVER));
    for answer in written {
        answer.expect("written");
    }
    keeper.close().await;
    intact(&control).await;
    assert_eq!(audited(&control).await.len(), 200);
}
