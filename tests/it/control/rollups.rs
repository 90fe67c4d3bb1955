//! Usage by the hour and by the day: exactly the sum of the records, whatever order they come in and
//! however often.

use super::{
    criteria::of,
    fixture::{Fixture, assert_refused, bare, start},
    records::{call, made_at, record},
};
use chrono::{DateTime, TimeDelta};
use futures_util::future::join_all;
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    usage::{DURATION_BOUNDS_US, Outcome},
};
use ostia_proto::{
    convert::{from_timestamp, timestamp},
    v1::{self, Bucket, Dimension},
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestCaseResult};
use std::collections::{BTreeMap, HashSet};
use tonic::Code as Grpc;
use uuid::Uuid;

const EVERYTHING: [Dimension; 5] = [
    Dimension::Key,
    Dimension::User,
    Dimension::Upstream,
    Dimension::Tool,
    Dimension::Outcome,
];

/// Midnight.
fn midnight() -> Timestamp {
    DateTime::from_timestamp(1_794_182_400, 0).expect("a time")
}

async fn summary(control: &Fixture, request: v1::SummarizeUsageRequest) -> Vec<v1::UsageSummary> {
    let answer = control.client.usage().summarize_usage(request).await;
    let answer = answer.expect("a summary").into_inner();
    assert_eq!(answer.duration_bounds_us, DURATION_BOUNDS_US);
    answer.rows
}

fn by(bucket: Bucket, group_by: &[Dimension]) -> v1::SummarizeUsageRequest {
    v1::SummarizeUsageRequest {
        bucket: bucket.into(),
        group_by: group_by.iter().map(|d| i32::from(*d)).collect(),
        ..v1::SummarizeUsageRequest::default()
    }
}

/// The same by adding up records one by one.
fn naive(
    records: &[v1::UsageRecord],
    bucket: Bucket,
    group_by: &[Dimension],
) -> BTreeMap<String, v1::UsageSummary> {
    let mut rows = BTreeMap::new();
    for record in records {
        let at = from_timestamp("at", record.at.expect("a time")).expect("a time");
        let length = match bucket {
            Bucket::Hour => 3_600,
            Bucket::Day => 86_400,
            Bucket::Unspecified => 0,
        };
        let start = (length > 0).then(|| at.timestamp() / length * length);
        let has = |dimension| group_by.contains(&dimension);
        let kept = |dimension, text: &str| if has(dimension) { text } else { "" }.to_owned();
        let common = v1::UsageSummary {
            start: start.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            key_id: kept(Dimension::Key, &record.key_id),
            owner_id: kept(Dimension::User, &record.owner_id),
            upstream: if has(Dimension::Upstream) || has(Dimension::Tool) {
                record.upstream.clone()
            } else {
                String::new()
            },
            tool: kept(
                Dimension::Tool,
                if record.upstream.is_empty() {
                    ""
                } else {
                    &record.tool
                },
            ),
            outcome: kept(Dimension::Outcome, &record.outcome),
            durations: vec![0; DURATION_BOUNDS_US.len() + 1],
            ..v1::UsageSummary::default()
        };
        let row = rows.entry(format!("{common:?}")).or_insert(common);
        row.calls += 1;
        row.errors += u64::from(record.outcome != "ok");
        row.cached += u64::from(record.cached);
        row.duration_us += record.duration_us;
        row.request_bytes += record.request_bytes;
        row.result_bytes += record.result_bytes;
        let class = DURATION_BOUNDS_US
            .iter()
            .filter(|bound| record.duration_us > **bound)
            .count();
        row.durations[class] += 1;
    }
    rows.into_values()
        .map(|row| (identity(&row), row))
        .collect()
}

fn identity(row: &v1::UsageSummary) -> String {
    format!(
        "{:?} {} {} {} {} {}",
        row.start, row.key_id, row.owner_id, row.upstream, row.tool, row.outcome
    )
}

/// What one call may be.
fn any_call() -> impl Strategy<Value = v1::CallRecord> {
    let caller = proptest::option::of((0..3_u128, 0..2_u128));
    let outcomes = Outcome::ALL.map(Outcome::as_str).to_vec();
    let durations = vec![
        0,
        999,
        1_000,
        1_001,
        250_000,
        30_000_000,
        30_000_001,
        u64::MAX,
    ];
    (
        (0..72_i64, 0..3_600_000_000_i64),
        caller,
        select(vec![Some("github"), Some("git"), None]),
        select(vec!["search", "sea\0rch", "sea\u{fffd}rch", "öffnen"]),
        select(outcomes),
        (select(durations), 0..10_000_u64, any::<bool>()),
    )
        .prop_map(
            |((hour, us), caller, upstream, tool, outcome, (duration, bytes, cached))| {
                let at = midnight() + TimeDelta::hours(hour) + TimeDelta::microseconds(us);
                let id = |n: u128| Uuid::from_u128(n + 1).as_bytes().to_vec();
                let caller = caller.map(|(key, owner)| v1::RecordedCaller {
                    key_id: id(key),
                    owner_id: id(owner),
                    ..v1::RecordedCaller::default()
                });
                v1::CallRecord {
                    caller,
                    upstream: upstream.map(str::to_owned),
                    outcome: outcome.to_owned(),
                    duration_us: duration,
                    request_bytes: bytes,
                    cached,
                    ..made_at(at, call("", tool))
                }
            },
        )
}

/// Some calls, and batches of them with whatever is in them, also twice.
fn any_batches() -> impl Strategy<Value = Vec<Vec<v1::CallRecord>>> {
    vec(any_call(), 1..80).prop_flat_map(|calls| {
        let batch = vec(select(calls), 0..60);
        vec(batch, 1..8)
    })
}

async fn sums_are_those_of_the_records(batches: Vec<Vec<v1::CallRecord>>) -> TestCaseResult {
    let control = bare().await;
    let again = control.replica().await;
    let clients = [control.client.clone(), again.client()];
    let sent: HashSet<_> = batches
        .iter()
        .flatten()
        .map(|call| call.id.clone())
        .collect();
    let sending = batches.into_iter().enumerate().map(|(n, records)| {
        let mut sync = clients[n % 2].sync();
        async move { sync.record(v1::RecordRequest { records }).await }
    });
    for answer in join_all(sending).await {
        answer.expect("recorded");
    }
    let records = control.usage().await;
    prop_assert_eq!(records.len(), sent.len());
    for bucket in [Bucket::Hour, Bucket::Day, Bucket::Unspecified] {
        for group_by in [&EVERYTHING[..], &[Dimension::Tool], &[Dimension::Key], &[]] {
            let rows = summary(&control, by(bucket, group_by)).await;
            prop_assert!(rows.is_sorted_by_key(|row| row.start.map(|start| start.seconds)));
            let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (identity(&row), row)).collect();
            prop_assert_eq!(rows, naive(&records, bucket, group_by));
        }
    }
    again.close().await;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn sums_are_those_of_the_records_in_any_order(batches in any_batches()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(sums_are_those_of_the_records(batches))?;
    }
}

/// Calls of two keys at three times over two days.
async fn calls(control: &Fixture) -> v1::Key {
    let key = control.key("build").await.key.expect("a key");
    let at = |hours| midnight() + TimeDelta::hours(hours) + TimeDelta::minutes(30);
    let records = vec![
        made_at(at(1), of(&key, call("github", "search"))),
        made_at(at(2), call("github", "search")),
        made_at(at(25), call("git", "log")),
    ];
    record(control, records).await.expect("recorded");
    key
}

#[tokio::test]
async fn sums_are_narrowed_and_a_part_of_an_hour_is_all_of_it() {
    let control = start().await;
    let key = calls(&control).await;
    let total = async |request: v1::SummarizeUsageRequest| -> u64 {
        let rows = summary(&control, request).await;
        rows.iter().map(|row| row.calls).sum()
    };
    let all = || by(Bucket::Unspecified, &[]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(total(all()).await, 3);
    let of_key = v1::SummarizeUsageRequest {
        key: Some(key.public_id.clone()),
        ..all()
    };
    assert_eq!(total(of_key).await, 1);
    let of_user = v1::SummarizeUsageRequest {
        user: some("ada"),
        ..all()
    };
    assert_eq!(total(of_user).await, 1);
    let to_github = v1::SummarizeUsageRequest {
        upstream: some("github"),
        ..all()
    };
    assert_eq!(total(to_github).await, 2);
    let of_tool = v1::SummarizeUsageRequest {
        tool: some("git.log"),
        outcome: some("ok"),
        ..all()
    };
    assert_eq!(total(of_tool).await, 1);

    let of_ada = |upstream, tool, outcome| v1::SummarizeUsageRequest {
        user: some("ada"),
        upstream,
        tool,
        outcome,
        ..all()
    };
    for (name, calls) in [("github", 1), ("git", 0)] {
        assert_eq!(total(of_ada(some(name), None, None)).await, calls);
    }
    for (name, calls) in [("github.search", 1), ("git.log", 0), ("search", 0)] {
        assert_eq!(total(of_ada(None, some(name), None)).await, calls);
    }
    for (name, calls) in [("ok", 1), ("timeout", 0)] {
        assert_eq!(total(of_ada(None, None, some(name))).await, calls);
    }

    let between = |from: i64, to: i64| {
        let at = |minutes| Some(timestamp(midnight() + TimeDelta::minutes(minutes)));
        v1::SummarizeUsageRequest {
            from: at(from),
            to: at(to),
            ..all()
        }
    };
    assert_eq!(total(between(60, 120)).await, 1);
    assert_eq!(total(between(119, 121)).await, 2, "both hours are counted");
    assert_eq!(total(between(0, 24 * 60)).await, 2);
    let day = v1::SummarizeUsageRequest {
        bucket: Bucket::Day.into(),
        ..between(119, 121)
    };
    assert_eq!(total(day).await, 2, "the day is counted");

    let named = summary(
        &control,
        by(Bucket::Unspecified, &[Dimension::Key, Dimension::User]),
    );
    let named = named.await;
    let shown: Vec<_> = named
        .iter()
        .map(|row| (row.key_name.as_str(), row.owner_name.as_str(), row.calls))
        .collect();
    assert_eq!(
        shown,
        [("", "", 2), ("build", "ada", 1)],
        "the most calls first"
    );
}

#[tokio::test]
async fn what_is_no_bucket_and_no_dimension_is_refused() {
    let control = start().await;
    let ask = async |request| control.client.usage().summarize_usage(request).await;
    let bucket = v1::SummarizeUsageRequest {
        bucket: 7,
        ..v1::SummarizeUsageRequest::default()
    };
    assert_refused(
        ask(bucket).await,
        Grpc::InvalidArgument,
        Code::InvalidArgument,
    );
    let dimension = by(Bucket::Day, &[Dimension::Unspecified]);
    assert_refused(
        ask(dimension).await,
        Grpc::InvalidArgument,
        Code::InvalidArgument,
    );
}

/// An answer that nobody could read is refused instead of cut.
#[tokio::test]
async fn a_summary_has_a_limit() {
    let control = start().await;
    let tools: Vec<_> = (0..10_001)
        .map(|n| call("github", &n.to_string()))
        .collect();
    for batch in tools.chunks(1_000) {
        record(&control, batch.to_vec()).await.expect("recorded");
    }
    let ask = async |request| control.client.usage().summarize_usage(request).await;
    let refused = ask(by(Bucket::Unspecified, &[Dimension::Tool])).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    let rows = summary(&control, by(Bucket::Unspecified, &[Dimension::Upstream])).await;
    assert_eq!(rows[0].calls, 10_001);
}

/// Clients may call what they like; that must not be a row each.
#[tokio::test]
async fn names_of_clients_make_no_rows() {
    let control = start().await;
    let unknown = |n: i32| v1::CallRecord {
        upstream: None,
        outcome: "unknown_tool".to_owned(),
        ..call("", &format!("name {n}"))
    };
    record(&control, (0..50).map(unknown).collect())
        .await
        .expect("recorded");
    let long = call("github", &"ü".repeat(3_000));
    record(&control, vec![long]).await.expect("recorded");
    let rows = summary(&control, by(Bucket::Unspecified, &[Dimension::Tool])).await;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.tool.as_str(), row.calls))
        .collect();
    assert_eq!(rows, [("", 50), ("ü".repeat(200).as_str(), 1)]);
    let of_tool = v1::SummarizeUsageRequest {
        tool: Some(format!("github.{}", "ü".repeat(3_000))),
        ..by(Bucket::Unspecified, &[])
    };
    assert_eq!(summary(&control, of_tool).await[0].calls, 1);
}

/// Sums begin where records do, also in a database that is older than the sums.
#[tokio::test]
async fn records_of_before_there_were_sums_are_counted_in() {
    use ostia_migrations::{Migrator, MigratorTrait as _};
    let control = start().await;
    calls(&control).await;
    let odd = v1::CallRecord {
        upstream: None,
        duration_us: u64::MAX,
        ..call("", "no such tool")
    };
    let long = call("github", &"ü".repeat(3_000));
    record(&control, vec![odd, long]).await.expect("recorded");
    let expected = summary(&control, by(Bucket::Hour, &EVERYTHING)).await;
    control.control.close().await;
    let db = sea_orm::Database::connect(&control.database.url)
        .await
        .expect("db");
    let steps = super::schema::since("m20261121_000009_usage_rollups");
    Migrator::down(&db, Some(steps)).await.expect("back");
    Migrator::up(&db, None).await.expect("and forth");
    db.close().await.expect("close");
    let control = Fixture::of(control.database).await;
    let rows = summary(&control, by(Bucket::Hour, &EVERYTHING)).await;
    assert_eq!(rows, expected);
}
