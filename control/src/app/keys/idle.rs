//! Keys that nobody used for long are made inactive.

mod letter;
mod warn;

use super::{State, commit, label, reread, view};
use crate::{
    app::App,
    error::Result,
    op::{Detail, Op},
    store::{
        self,
        keys::{idle_since, is_told},
    },
};
use chrono::{SecondsFormat, TimeDelta};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ACTOR: &str = "control";
/// Looked at together; each is a change by itself.
const BATCH: u64 = 200;

impl App {
    /// All that are idle for longer, until they are done or the token is cancelled.
    pub(crate) async fn inactivate_idle_keys(
        &self,
        max_idle: TimeDelta,
        stop: &CancellationToken,
    ) -> Result<()> {
        let mut after = None;
        loop {
            let op = Op::new(ACTOR.to_owned());
            let Some(before) = op.now.checked_sub_signed(max_idle) else {
                return Ok(());
            };
            let during = (before, op.now);
            let idle = store::keys::find_idle(self.store.db(), during, after, BATCH).await?;
            for key in &idle {
                if stop.is_cancelled() {
                    return Ok(());
                }
                self.inactivate_if_idle(*key, max_idle).await?;
            }
            match idle.last() {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }

    /// Looked at once more in the transaction: it may have been used or changed meanwhile, also by another
    /// control that does the same.
    async fn inactivate_if_idle(&self, key: Uuid, max_idle: TimeDelta) -> Result<()> {
        let op = Op::new(ACTOR.to_owned());
        let change = self.change(&op, "keys.inactivate").await?;
        let Some(key) = store::keys::find(change.tx(), &key.to_string()).await? else {
            return Ok(());
        };
        let since = idle_since(&key);
        if State::of(&key, op.now) != State::Active || op.now - since <= max_idle {
            return Ok(());
        }
        let owner_told = is_told(&key);
        let before = view(change.tx(), &op, key).await?;
        store::keys::set_idle(change.tx(), before.key.id, since).await?;
        let after = reread(&change, &op, before.key.id).await?;
        let said = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let told = Detail::changed(super::detail(&before), super::detail(&after));
        let told = told.with("idle_since", said).with("owner_told", owner_told);
        commit(change, &after.key, told).await?;
        tracing::info!(key = label(&after.key), %since, "nobody used a key for long: it is inactive now");
        Ok(())
    }
}
