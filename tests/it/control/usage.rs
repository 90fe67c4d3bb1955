//! Usage records, as they are listed.

use super::{
    criteria::of,
    fixture::{Fixture, assert_refused, config, start},
    records::{call, made_at, record},
};
use crate::harness::wait::until;
use chrono::{NaiveTime, TimeDelta};
use ostia_control::{Config, Control, Retention};
use ostia_domain::{
    clock::{self, Timestamp},
    code::Code,
};
use ostia_proto::{convert::timestamp, v1};
use std::time::Duration;
use tonic::Code as Grpc;

async fn outcomes(control: &Fixture, request: v1::ListUsageRequest) -> Vec<String> {
    let page = control.client.usage().list_usage(request).await;
    let records = page.expect("records").into_inner().records;
    records.into_iter().map(|record| record.outcome).collect()
}

#[tokio::test]
async fn records_are_listed_newest_first_and_by_key_and_upstream() {
    let control = start().await;
    let key = control.key("build").await.key.expect("a key");
    let records = vec![
        v1::CallRecord {
            outcome: "busy".to_owned(),
            ..call("github", "a")
        },
        v1::CallRecord {
            outcome: "timeout".to_owned(),
            ..of(&key, call("github", "b"))
        },
        call("other", "c"),
    ];
    let request = v1::RecordRequest { records };
    control
        .client
        .sync()
        .record(request)
        .await
        .expect("recorded");

    let all = v1::ListUsageRequest::default();
    assert_eq!(
        outcomes(&control, all.clone()).await,
        ["ok", "timeout", "busy"]
    );
    let of_upstream = v1::ListUsageRequest {
        upstream: Some("github".to_owned()),
        ..all.clone()
    };
    assert_eq!(outcomes(&control, of_upstream).await, ["timeout", "busy"]);
    for key in [&key.id, &key.public_id] {
        let of_key = v1::ListUsageRequest {
            key: Some(key.clone()),
            ..all.clone()
        };
        assert_eq!(outcomes(&control, of_key).await, ["timeout"]);
    }
    // The records of a key outlive it, under its id.
    control.delete(&key.id).await;
    let of_key = v1::ListUsageRequest {
        key: Some(key.id),
        ..all.clone()
    };
    assert_eq!(outcomes(&control, of_key).await, ["timeout"]);
    let of_nobody = v1::ListUsageRequest {
        key: Some(key.public_id),
        ..all
    };
    let answer = control.client.usage().list_usage(of_nobody).await;
    assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn the_top_are_those_with_the_most_calls() {
    let control = start().await;
    let calls = [("github", "a", 1), ("github", "b", 3), ("other", "c", 2)];
    let records = calls.into_iter().flat_map(|(upstream, tool, times)| {
        std::iter::repeat_with(move || call(upstream, tool)).take(times)
    });
    let request = v1::RecordRequest {
        records: records.collect(),
    };
    let recorded = control.client.sync().record(request).await;
    recorded.expect("recorded");
    for (top, expected) in [
        (None, &[("b", 3), ("c", 2), ("a", 1)][..]),
        (Some(2), &[("b", 3), ("c", 2)]),
        (Some(0), &[]),
    ] {
        let request = v1::SummarizeUsageRequest {
            group_by: vec![v1::Dimension::Tool.into()],
            top,
            ..v1::SummarizeUsageRequest::default()
        };
        let rows = control.client.usage().summarize_usage(request).await;
        let rows = rows.expect("sums").into_inner().rows;
        let rows = rows.iter().map(|row| (row.tool.as_str(), row.calls));
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }
}

const HOURS_KEPT: TimeDelta = TimeDelta::days(5);

/// A control that keeps hours for a short time and days for ever, when it has removed what is older.
async fn without_old_hours(control: &Fixture, records: &[Timestamp]) -> Control {
    let keeping = Config {
        retention: Some(Retention {
            audit_calls: None,
            audit_changes: None,
            usage_records: None,
            usage_hours: HOURS_KEPT.to_std().ok(),
            usage_days: None,
            every: Duration::from_millis(50),
        }),
        ..config(&control.database)
    };
    let keeper = Control::open(keeping).await.expect("a control");
    let gone = until(Duration::from_secs(20), "old hours are gone", || async {
        let by_hour = v1::SummarizeUsageRequest {
            bucket: v1::Bucket::Hour.into(),
            ..v1::SummarizeUsageRequest::default()
        };
        let answer = keeper.client().usage().summarize_usage(by_hour).await;
        let rows = answer.expect("a summary").into_inner().rows;
        let left: u64 = rows.iter().map(|row| row.calls).sum();
        let end = clock::now() - HOURS_KEPT - TimeDelta::hours(1);
        let kept = records.iter().filter(|at| **at + TimeDelta::hours(1) > end);
        if left == kept.count() as u64 {
            Ok(())
        } else {
            Err(left)
        }
    });
    gone.await;
    keeper
}

/// Hours go before days: what only days have is counted, with its costs, whenever a time begins and ends.
#[tokio::test]
async fn sums_go_back_beyond_the_hours_that_are_kept() {
    let control = start().await;
    let price = v1::SetPriceRequest {
        tools: "github.*".to_owned(),
        micros: 1_000,
        currency: "EUR".to_owned(),
    };
    control
        .client
        .prices()
        .set_price(price)
        .await
        .expect("a price");
    let today = clock::now().date_naive().and_time(NaiveTime::MIN).and_utc();
    let ago = |days, hours| today - TimeDelta::days(days) + TimeDelta::hours(hours);
    let made: Vec<_> = (1..20)
        .flat_map(|days| [ago(days, 3), ago(days, 9), ago(days, 15)])
        .collect();
    let sent = made.iter().map(|at| made_at(*at, call("github", "search")));
    record(&control, sent.collect()).await.expect("recorded");
    let keeper = without_old_hours(&control, &made).await;
    let total = async |from: Option<Timestamp>, to: Option<Timestamp>| {
        let request = v1::SummarizeUsageRequest {
            from: from.map(timestamp),
            to: to.map(timestamp),
            ..v1::SummarizeUsageRequest::default()
        };
        let answer = keeper.client().usage().summarize_usage(request).await;
        let rows = answer.expect("a summary").into_inner().rows;
        let calls: u64 = rows.iter().map(|row| row.calls).sum();
        let costs = rows.iter().flat_map(|row| &row.costs);
        let costs: u64 = costs.map(|cost| cost.micros).sum();
        assert_eq!(costs, calls * 1_000, "{from:?} to {to:?}");
        calls
    };
    // By the hour where there are hours, and else by the day: from when on, or until when, that is.
    let minutes = TimeDelta::minutes(30);
    let froms = [
        (None, None),
        (Some(ago(12, 0)), Some(ago(12, 0))),
        (Some(ago(12, 9) + minutes), Some(ago(12, 0))),
        (Some(ago(2, 0)), Some(ago(2, 0))),
        (Some(ago(2, 9) + minutes), Some(ago(2, 9))),
    ];
    let tos = [
        (None, None),
        (Some(ago(10, 9) + minutes), Some(ago(9, 0))),
        (Some(ago(1, 0)), Some(ago(1, 0))),
        (Some(ago(2, 14) + minutes), Some(ago(2, 15))),
        (Some(ago(1, 9) + minutes), Some(ago(1, 10))),
    ];
    for (from, begins) in froms {
        for (to, ends) in tos {
            if from.zip(to).is_some_and(|(from, to)| from >= to) {
                continue;
            }
            let counted = made.iter().filter(|at| {
                begins.is_none_or(|begins| begins <= **at) && ends.is_none_or(|ends| **at < ends)
            });
            let counted = counted.count() as u64;
            assert_eq!(total(from, to).await, counted, "{from:?} to {to:?}");
        }
    }
    keeper.close().await;
}
