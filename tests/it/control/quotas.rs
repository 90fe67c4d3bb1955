//! Quotas: given out in blocks, and never more than there is.

use super::fixture::{Fixture, new_key, start};
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
    assert_eq!((block.granted, block.remaining), (Some(3), 297));
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
    assert_eq!(lease(&control, &of).await.remaining, 294);
    bring_back(block.month, 2).await;
    assert_eq!(lease(&control, &of).await.remaining, 293);
    // Nobody brings back more than was given.
    bring_back(block.month, 1_000).await;
    assert_eq!(lease(&control, &of).await.remaining, 297);
}
