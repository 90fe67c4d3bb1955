//! What was kept long enough goes, in steps that keep nobody waiting; and on PostgreSQL the months of
//! audit events are made before they begin.

use crate::{
    config::Retention,
    error::{Error, Result},
    op::{Detail, Op, Touched},
    store::{
        Store, audit,
        chain::Kind,
        narrow::first_id,
        partitions,
        usage::{Bucket, prune_records, prune_sums},
    },
};
use chrono::{SecondsFormat, TimeDelta};
use ostia_domain::clock::{self, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Rows that go in one transaction.
const BATCH: u64 = 2_000;
/// Beyond the age. What is older than its age is not written any more, and clocks differ a little: what
/// went must not be able to come again.
const MARGIN: TimeDelta = TimeDelta::hours(1);
const ACTOR: &str = "control";

pub(crate) struct Keeper {
    pub(crate) store: Store,
    pub(crate) wake: Arc<Notify>,
    pub(crate) retention: Retention,
}

/// What goes beside audit events, and until before what.
#[derive(Clone, Copy, Debug)]
enum Beside {
    /// Of calls whose events go as well.
    Arguments(Uuid),
    Records(Uuid),
    Sums(Bucket, Timestamp),
}

impl Keeper {
    /// Until the token is cancelled; a step that was begun is finished.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.pass(&stop).await;
            tokio::select! {
                () = tokio::time::sleep(self.retention.every) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Each class for itself: one that cannot be pruned keeps no other from it.
    async fn pass(&self, stop: &CancellationToken) {
        let now = clock::now();
        if partitions::are_used(&self.store) {
            let made = partitions::make_ahead(&self.store, now).await;
            told("months of audit events could not be made", made);
        }
        for (kind, age) in [
            (Kind::Call, self.retention.audit_calls),
            (Kind::Change, self.retention.audit_changes),
        ] {
            if let Some(before) = end(now, age) {
                let removed = self.events(kind, before, stop).await;
                told("old audit events could not be removed", removed);
            }
        }
        let kept = &self.retention;
        let beside = [
            end(now, kept.audit_calls).map(|before| Beside::Arguments(first_id(before))),
            end(now, kept.usage_records).map(|before| Beside::Records(first_id(before))),
            end(now, kept.usage_hours).map(|before| Beside::Sums(Bucket::Hour, before)),
            end(now, kept.usage_days).map(|before| Beside::Sums(Bucket::Day, before)),
        ];
        for beside in beside.into_iter().flatten() {
            told(
                "old arguments or usage could not be removed",
                self.beside(beside, stop).await,
            );
        }
    }

    /// Audit events, and an event that says so, also when not all of them went.
    async fn events(&self, kind: Kind, before: Timestamp, stop: &CancellationToken) -> Result<()> {
        let mut removed = 0;
        let all = self
            .remove(kind, first_id(before), stop, &mut removed)
            .await;
        if removed > 0 {
            let op = Op::new(ACTOR.to_owned());
            let change = op.change(&self.store, &self.wake, "audit.prune").await?;
            let until = before.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let detail = Detail::done().with("events", removed).with("until", until);
            change
                .commit(kind.as_str(), detail, Touched::Nothing)
                .await?;
        }
        all
    }

    async fn remove(
        &self,
        kind: Kind,
        until: Uuid,
        stop: &CancellationToken,
        removed: &mut u64,
    ) -> Result<()> {
        if partitions::are_used(&self.store) {
            partitions::drop_until(&self.store, kind, until, removed).await?;
        }
        // Those that are in no month. Looked for without a lock: what of another kind is kept longer may be
        // long to read past.
        let table = partitions::loose(&self.store, kind);
        let Some(mut from) = audit::oldest(self.store.db(), table, kind, until).await? else {
            return Ok(());
        };
        while !stop.is_cancelled() {
            let write = self.store.write().await?;
            partitions::lock(write.tx()).await?;
            let (count, next) = audit::prune(write.tx(), table, kind, (from, until), BATCH).await?;
            write.commit().await?;
            *removed += count;
            from = next;
            if count < BATCH {
                break;
            }
        }
        Ok(())
    }

    /// In one transaction after the other, until there is nothing more to remove.
    async fn beside(&self, beside: Beside, stop: &CancellationToken) -> Result<()> {
        let mut removed = 0;
        while !stop.is_cancelled() {
            let write = self.store.write().await?;
            let count = match beside {
                Beside::Arguments(before) => {
                    audit::arguments::prune(write.tx(), before, BATCH).await?
                }
                Beside::Records(before) => prune_records(write.tx(), before, BATCH).await?,
                Beside::Sums(bucket, before) => prune_sums(write.tx(), bucket, before).await?,
            };
            write.commit().await?;
            removed += count;
            if count == 0 {
                break;
            }
        }
        if removed > 0 {
            tracing::info!(
                removed,
                ?beside,
                "rows were kept long enough and are removed"
            );
        }
        Ok(())
    }
}

/// The next pass tries again.
fn told(what: &str, outcome: Result<(), impl Into<Error>>) {
    if let Err(error) = outcome.map_err(Into::into) {
        let cause = std::error::Error::source(&error).map(tracing::field::display);
        tracing::warn!(%error, cause, "{what}");
    }
}

/// Unset: everything is kept, or the age reaches back before the calendar.
fn end(now: Timestamp, age: Option<Duration>) -> Option<Timestamp> {
    let age = TimeDelta::from_std(age?).ok()?;
    now.checked_sub_signed(age)?.checked_sub_signed(MARGIN)
}
