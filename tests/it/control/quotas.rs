//! Quotas: given out in blocks, and never more than there is.

use super::fixture::{Fixture, new_key, start};
use ostia_domain::clock;
use ostia_proto::v1;

/// The quota of a new key with so many calls a month.
async fn quota(control: &Fixture, calls: u64) -> v1::QuotaOf {
    let request = v1::CreateKeyRequest {
        restrictions: Some(v1::KeyRestrictions {
            limits: Some(v1::Limits {
                calls_per_month: Some(calls),
                ..v1::Limits::default()
            }),
            ..v1::KeyRestrictions::default()
        }),
        ..new_key("build")
    };
    let key = control.create_key(request).await.expect("a key").key;
    v1::QuotaOf {
        subject_id: key.expect("a key").id,
        plan_id: None,
    }
}

async fn lease(control: &Fixture, of: &v1::QuotaOf) -> v1::LeaseQuotaResponse {
    let request = v1::LeaseQuotaRequest {
        of: Some(of.clone()),
    };
    let block = control.client.sync().lease_quota(request).await;
    block.expect("a block").into_inner()
}

/// Two edges that ask at once get no call twice: all blocks together are the quota.
#[tokio::test]
async fn blocks_add_up_to_the_quota() {
    let control = start().await;
    for calls in [1, 7, 250] {
        let of = quota(&control, calls).await;
        let mut given = 0;
        loop {
            let (one, other) = tokio::join!(lease(&control, &of), lease(&control, &of));
            let granted = [&one, &other].map(|block| block.granted.expect("a quota"));
            given += granted.iter().sum::<u64>();
            if granted.contains(&0) {
                break;
            }
        }
        assert_eq!(given, calls);
        let delete = of.subject_id.clone();
        control.delete(&delete).await;
        assert_eq!(lease(&control, &of).await.granted, None, "no such quota");
    }
}

#[tokio::test]
async fn what_is_brought_back_is_given_out_again() {
    let control = start().await;
    let of = quota(&control, 300).await;
    let block = lease(&control, &of).await;
    assert_eq!((block.granted, block.remaining), (Some(10), 290));
    let bring_back = async |month, calls| {
        let request = v1::ReturnQuotaRequest {
            of: Some(of.clone()),
            month,
            calls,
        };
        control
            .client
            .sync()
            .return_quota(request)
            .await
            .expect("taken back");
    };
    // A block of another month is worth nothing.
    bring_back(block.month - 1, 2).await;
    assert_eq!(lease(&control, &of).await.remaining, 280);
    bring_back(block.month, 2).await;
    assert_eq!(lease(&control, &of).await.remaining, 272);
    // Nobody brings back more than was given.
    bring_back(block.month, 1_000).await;
    assert_eq!(lease(&control, &of).await.remaining, 290);
}

/// Two edges of a small quota both have some of it, and know how long the month lasts without a clock of their own.
#[tokio::test]
async fn a_small_quota_is_shared() {
    let control = start().await;
    let of = quota(&control, 20).await;
    let (one, other) = (lease(&control, &of).await, lease(&control, &of).await);
    assert_eq!((one.granted, other.granted), (Some(10), Some(5)));
    assert_eq!(other.remaining, 5);
    let ends = one.resets_at.expect("the next month").seconds;
    let lasts = one.resets_in_ms.expect("how long") / 1_000;
    let until = clock::now().timestamp() + i64::try_from(lasts).expect("a month");
    assert!((ends - until).abs() < 60, "{ends} and {until}");
}
