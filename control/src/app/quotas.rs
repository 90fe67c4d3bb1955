//! Quotas: given out to edges in blocks, so that no call waits for the database and none is given twice.

use super::App;
use crate::{
    error::Result,
    op::Op,
    store::{self, Tx, quotas::Counted},
};
use chrono::{Datelike as _, Months, NaiveDate};
use ostia_domain::clock::Timestamp;
use uuid::Uuid;

/// A block is this part of the quota: small enough that an edge which dies takes little with it, large
/// enough that edges seldom ask.
const BLOCKS: u64 = 100;
const MAX_BLOCK: u64 = 10_000;

/// What a quota is counted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaOf {
    /// A key, or a user with all keys.
    pub(crate) subject: Uuid,
    /// Unset: the key's own quota.
    pub(crate) plan: Option<Uuid>,
}

pub(crate) struct Block {
    /// 0: the month's quota is used up.
    pub(crate) granted: u64,
    /// Left for further blocks.
    pub(crate) remaining: u64,
    pub(crate) month: Month,
}

/// A month of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Month {
    pub(crate) number: u32,
    pub(crate) ends_at: Timestamp,
}

impl Month {
    pub(super) fn of(now: Timestamp) -> Self {
        let first = now.date_naive().with_day(1).unwrap_or(NaiveDate::MAX);
        let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
        Self {
            number: now.year().unsigned_abs() * 100 + now.month(),
            ends_at: next.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(),
        }
    }
}

impl App {
    /// `None`: there is no such quota any more. Not a change of what anybody set, so nothing to audit.
    pub(crate) async fn lease_quota(&self, op: &Op, of: QuotaOf) -> Result<Option<Block>> {
        let write = self.store.write().await?;
        let Some(quota) = quota(write.tx(), of).await? else {
            return Ok(None);
        };
        let month = Month::of(op.now);
        let counted = counted(of, month.number);
        let leased = store::quotas::lock(write.tx(), counted).await?;
        let left = quota.saturating_sub(leased);
        let granted = (quota / BLOCKS).clamp(1, MAX_BLOCK).min(left);
        if granted > 0 {
            store::quotas::set(write.tx(), counted, leased + granted).await?;
        }
        write.commit().await?;
        Ok(Some(Block {
            granted,
            remaining: left - granted,
            month,
        }))
    }

    pub(crate) async fn return_quota(
        &self,
        op: &Op,
        of: QuotaOf,
        month: u32,
        calls: u64,
    ) -> Result<()> {
        if month != Month::of(op.now).number {
            return Ok(());
        }
        let write = self.store.write().await?;
        let counted = counted(of, month);
        let leased = store::quotas::lock(write.tx(), counted).await?;
        // Never below nothing, however often somebody brings back the same.
        store::quotas::set(write.tx(), counted, leased.saturating_sub(calls)).await?;
        Ok(write.commit().await?)
    }
}

fn counted(of: QuotaOf, month: u32) -> Counted {
    Counted {
        subject: of.subject,
        limit: of.plan.unwrap_or(of.subject),
        month,
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
    let quota = limits.and_then(|limits| limits.calls_per_month);
    Ok(quota.map(std::num::NonZeroU64::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let month = |at: &str| {
            let month = Month::of(at.parse().unwrap());
            (month.number, month.ends_at.to_rfc3339())
        };
        assert_eq!(
            month("2026-11-30T23:59:59Z"),
            (202_611, "2026-12-01T00:00:00+00:00".into())
        );
        assert_eq!(
            month("2026-12-01T00:00:00Z"),
            (202_612, "2027-01-01T00:00:00+00:00".into())
        );
    }
}
