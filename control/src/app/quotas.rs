//! Quotas: given out to edges in blocks, so that no call waits for the database and none is given twice.

use super::App;
use crate::{
    error::Result,
    op::Op,
    store::{self, Tx, quotas::Counted},
};
use ostia_domain::period::{Current, Period};
use std::time::Duration;
use uuid::Uuid;

/// A block is this part of the quota: small enough that an edge which dies takes little with it, large
/// enough that edges seldom ask.
const BLOCKS: u64 = 100;
/// An edge that has so many asks for the next block long before it needs one.
const MIN_BLOCK: u64 = 10;
const MAX_BLOCK: u64 = 10_000;
/// Never more than this part of what is left, so that a small quota, and the end of a large one, is not all in the
/// hands of the edge that asked first.
const PART_OF_LEFT: u64 = 2;

/// 0 where nothing is left, and only there.
fn block_of(quota: u64, left: u64) -> u64 {
    let block = (quota / BLOCKS).clamp(MIN_BLOCK, MAX_BLOCK);
    block.min(left.div_ceil(PART_OF_LEFT))
}

/// What a quota is counted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaOf {
    /// A key, or a user with all keys.
    pub(crate) subject: Uuid,
    /// Unset: the key's own quota.
    pub(crate) plan: Option<Uuid>,
    pub(crate) period: Period,
}

pub(crate) struct Block {
    /// 0: the quota of the period is used up.
    pub(crate) granted: u64,
    /// Left for further blocks.
    pub(crate) remaining: u64,
    pub(crate) period: Current,
    /// From now on, by the clock of control: that of an edge may be wrong.
    pub(crate) period_lasts: Duration,
}

impl App {
    /// `None`: there is no such quota any more. Not a change of what anybody set, so nothing to audit.
    pub(crate) async fn lease_quota(&self, op: &Op, of: QuotaOf) -> Result<Option<Block>> {
        let write = self.store.write().await?;
        let Some(quota) = quota(write.tx(), of).await? else {
            return Ok(None);
        };
        let period = of.period.at(op.now);
        let counted = counted(of, period.number);
        let leased = store::quotas::lock(write.tx(), counted).await?;
        let left = quota.saturating_sub(leased);
        let granted = block_of(quota, left);
        if granted > 0 {
            store::quotas::set(write.tx(), counted, leased + granted).await?;
        }
        write.commit().await?;
        Ok(Some(Block {
            granted,
            remaining: left - granted,
            period,
            period_lasts: (period.ends_at - op.now).to_std().unwrap_or_default(),
        }))
    }

    /// `number` is that of the period of the block.
    pub(crate) async fn return_quota(
        &self,
        op: &Op,
        of: QuotaOf,
        number: u32,
        calls: u64,
    ) -> Result<()> {
        if number != of.period.at(op.now).number {
            return Ok(());
        }
        let write = self.store.write().await?;
        let counted = counted(of, number);
        let leased = store::quotas::lock(write.tx(), counted).await?;
        // Never below nothing, however often somebody brings back the same.
        store::quotas::set(write.tx(), counted, leased.saturating_sub(calls)).await?;
        Ok(write.commit().await?)
    }
}

fn counted(of: QuotaOf, period: u32) -> Counted {
    Counted {
        subject: of.subject,
        limit: of.plan.unwrap_or(of.subject),
        period,
    }
}

async fn quota(tx: &Tx, of: QuotaOf) -> Result<Option<u64>> {
    let limits = match of.plan {
        Some(plan) => store::plans::find(tx, &plan.to_string())
            .await?
            .map(|plan| plan.limits),
        None => store::keys::find(tx, &of.subject.to_string())
            .await?
            .map(|key| key.restrictions.limits),
    };
    let quota = limits.and_then(|limits| limits.quota(of.period));
    Ok(quota.map(std::num::NonZeroU64::get))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However often edges ask, all blocks together are the quota; while two calls are left nobody gets both; and
        /// the blocks of a quota are few.
        #[test]
        fn blocks_add_up(quota in 1u64..3_000_000) {
            let (mut left, mut blocks) = (quota, 0);
            while left > 0 {
                let block = block_of(quota, left);
                prop_assert!(block >= 1 && block <= left, "{block} of {left}");
                prop_assert!(left < 2 || block < left, "all {left} in one block");
                left -= block;
                blocks += 1;
            }
            prop_assert_eq!(block_of(quota, 0), 0);
            prop_assert!(blocks <= BLOCKS.max(quota / MAX_BLOCK) + 20, "{blocks} blocks");
        }
    }
}
