//! Quotas: given out in blocks, and never more than there is, in a day as in a month.

use super::{
    fixture::{Fixture, assert_refused, new_key, start},
    retention::{FOR_EVER, keeper, number},
};
use crate::harness::wait::until;
use ostia_domain::{
    clock,
    code::Code,
    period::Period::{self, Day, Month},
};
use ostia_proto::{convert::timestamp, v1};
use std::time::Duration;
use tonic::Code as Grpc;

/// The quota of a new key with so many calls a day or a month.
async fn quota(control: &Fixture, period: Period, calls: u64) -> v1::QuotaOf {
    let of = |wanted| (period == wanted).then_some(calls);
    let request = v1::CreateKeyRequest {
        restrictions: Some(v1::KeyRestrictions {
            limits: Some(v1::Limits {
                calls_per_day: of(Day),
                calls_per_month: of(Month),
                ..v1::Limits::default()
            }),
            ..v1::KeyRestrictions::default()
        }),
        ..new_key(&format!("of a {}, {}", period.name(), uuid::Uuid::now_v7()))
    };
    let key = control.create_key(request).await.expect("a key").key;
    v1::QuotaOf {
        subject_id: key.expect("a key").id,
        plan_id: None,
        period: v1::Period::from(period).into(),
    }
}

async fn lease(control: &Fixture, of: &v1::QuotaOf) -> v1::LeaseQuotaResponse {
    let request = v1::LeaseQuotaRequest {
        of: Some(of.clone()),
    };
    let block = control.client.sync().lease_quota(request).await;
    block.expect("a block").into_inner()
}

/// Calls that were given out, when nothing is left.
async fn all_of(control: &Fixture, of: &v1::QuotaOf) -> u64 {
    let mut given = 0;
    loop {
        let (one, other) = tokio::join!(lease(control, of), lease(control, of));
        let granted = [&one, &other].map(|block| block.granted.expect("a quota"));
        given += granted.iter().sum::<u64>();
        if granted.contains(&0) {
            return given;
        }
    }
}

/// Two edges that ask at once get no call twice: all blocks together are the quota.
#[tokio::test]
async fn blocks_add_up_to_the_quota() {
    let control = start().await;
    for (period, other) in [(Month, Day), (Day, Month)] {
        for calls in [1, 7, 250] {
            let of = quota(&control, period, calls).await;
            assert_eq!(all_of(&control, &of).await, calls);
            let of_other = v1::QuotaOf {
                period: v1::Period::from(other).into(),
                ..of.clone()
            };
            assert_eq!(lease(&control, &of_other).await.granted, None, "no quota");
            control.delete(&of.subject_id).await;
            let gone = lease(&control, &of).await;
            assert_eq!(gone.granted, None, "no such quota");
            assert_eq!(gone.of, of.period, "what was asked for");
        }
    }
}

#[tokio::test]
async fn what_is_brought_back_is_given_out_again() {
    let control = start().await;
    for period in Period::ALL {
        let of = quota(&control, period, 300).await;
        let block = lease(&control, &of).await;
        assert_eq!((block.granted, block.remaining), (Some(10), 290));
        let bring_back = async |period, calls| {
            let request = v1::ReturnQuotaRequest {
                of: Some(of.clone()),
                period,
                calls,
            };
            control
                .client
                .sync()
                .return_quota(request)
                .await
                .expect("taken back");
        };
        // A block of another period is worth nothing.
        bring_back(block.period - 1, 2).await;
        assert_eq!(lease(&control, &of).await.remaining, 280);
        bring_back(block.period, 2).await;
        assert_eq!(lease(&control, &of).await.remaining, 272);
        // Nobody brings back more than was given.
        bring_back(block.period, 1_000).await;
        assert_eq!(lease(&control, &of).await.remaining, 290);
    }
}

/// Two edges of a small quota both have some of it, and know how long the period lasts without a clock of their own.
#[tokio::test]
async fn a_small_quota_is_shared() {
    let control = start().await;
    for period in Period::ALL {
        let of = quota(&control, period, 20).await;
        let (one, other) = (lease(&control, &of).await, lease(&control, &of).await);
        assert_eq!((one.granted, other.granted), (Some(10), Some(5)));
        assert_eq!(other.remaining, 5);
        let now = clock::now();
        let current = period.at(now);
        assert_eq!(one.period, current.number);
        assert_eq!(one.resets_at, Some(timestamp(current.ends_at)));
        let lasts = one.resets_in_ms.expect("how long") / 1_000;
        let until = now.timestamp() + i64::try_from(lasts).expect("a month");
        let ends = current.ends_at.timestamp();
        assert!((ends - until).abs() < 60, "{ends} and {until}");
    }
}

/// What was taken the day or the month before is not missing now.
#[tokio::test]
async fn a_new_period_has_the_whole_quota() {
    let control = start().await;
    for period in Period::ALL {
        let of = quota(&control, period, 7).await;
        assert_eq!(all_of(&control, &of).await, 7);
        let number = lease(&control, &of).await.period;
        // As if it had been then.
        let before = "UPDATE quota_leases SET month = month - 1 WHERE month =";
        control.sql(&format!("{before} {number}")).await;
        assert_eq!(all_of(&control, &of).await, 7);
    }
}

/// Nobody counts in what is over; the last day and the last month stay for whoever's clock is behind.
#[tokio::test]
async fn days_and_months_that_are_over_are_forgotten() {
    let control = start().await;
    let now = clock::now();
    for period in Period::ALL {
        let [last, older] = [
            period.before(now),
            period.before(period.before(now).starts_at),
        ];
        for number in [older.number, last.number, period.at(now).number] {
            let of = quota(&control, period, 20).await;
            let current = lease(&control, &of).await.period;
            let change = format!("SET month = {number} WHERE month = {current} AND calls = 10");
            control.sql(&format!("UPDATE quota_leases {change}")).await;
            // So that the next one does not find this row.
            control.sql("UPDATE quota_leases SET calls = 1").await;
        }
    }
    let left = async || number(&control, "SELECT COUNT(*) FROM quota_leases").await;
    assert_eq!(left().await, 6);
    let keeper = keeper(&control, FOR_EVER).await;
    until(Duration::from_secs(20), "two are forgotten", async || {
        let left = left().await;
        if left == 6 { Err(left) } else { Ok(()) }
    })
    .await;
    for (period, kept) in [(Month, "999999"), (Day, "99999999")] {
        let before = period.before(now).number;
        let kept = format!("month BETWEEN {before} AND {kept}");
        let count = format!("SELECT COUNT(*) FROM quota_leases WHERE {kept}");
        assert_eq!(number(&control, &count).await, 2, "{kept}");
    }
    assert_eq!(left().await, 4);
    keeper.close().await;
}

/// A key with both has two quotas, and each is counted by itself.
#[tokio::test]
async fn a_day_takes_nothing_of_a_month() {
    let control = start().await;
    let plan = v1::Plan {
        name: "both".to_owned(),
        limits: Some(v1::Limits {
            calls_per_day: Some(5),
            calls_per_month: Some(9),
            ..v1::Limits::default()
        }),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = control.client.plans().create_plan(request).await;
    let plan = plan.expect("a plan").into_inner();
    let of = |period: v1::Period| v1::QuotaOf {
        subject_id: uuid::Uuid::now_v7().to_string(),
        plan_id: Some(plan.id.clone()),
        period: period.into(),
    };
    assert_eq!(all_of(&control, &of(v1::Period::Day)).await, 5);
    assert_eq!(all_of(&control, &of(v1::Period::Month)).await, 9);
}

/// An edge that is older than days says no period and gets months; one that is newer than control, and asks for what
/// control does not know, is not given anything else.
#[tokio::test]
async fn a_period_that_is_not_said_is_a_month_and_one_that_is_unknown_is_refused() {
    let control = start().await;
    let of = quota(&control, Month, 20).await;
    let with = |period| v1::QuotaOf {
        period,
        ..of.clone()
    };
    let block = lease(&control, &with(0)).await;
    assert_eq!((block.granted, block.of()), (Some(10), v1::Period::Month));
    assert_eq!(block.period, Month.at(clock::now()).number);
    let request = v1::LeaseQuotaRequest { of: Some(with(77)) };
    let refused = control.client.sync().lease_quota(request).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
}
