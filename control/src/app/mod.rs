//! The rules, one file per resource: what may be asked, what follows from it, what is refused and why.

pub(crate) mod access;
pub(crate) mod access_tokens;
pub(crate) mod allowances;
pub(crate) mod audit;
mod authenticate;
pub(crate) mod backup;
pub(crate) mod browser_sessions;
pub(crate) mod bundles;
mod catalogues;
pub(crate) mod criteria;
pub(crate) mod edges;
pub(crate) mod groups;
mod hasher;
pub(crate) mod idempotency;
pub(crate) mod identity;
pub(crate) mod keys;
pub(crate) mod manifest;
mod naming;
pub(crate) mod paging;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod prices;
pub(crate) mod quotas;
mod settings;
mod sync;
mod tokens;
pub(crate) mod upstreams;
pub(crate) mod usage;
pub(crate) mod vault;

pub(crate) use authenticate::Verdict;
pub(crate) use catalogues::Catalogues;
pub(crate) use hasher::Hasher;
pub(crate) use sync::Report;

use crate::{
    config::{Mail, Retention},
    error::Result,
    jobs::{last_used::Uses, refusals::Refusals},
    op::{Change, Op},
    store::Store,
    vault::Vault,
};
use ostia_domain::settings::Process;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Everything that the rules need. One per process.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) hasher: Hasher,
    pub(crate) signer: access_tokens::Signer,
    pub(crate) uses: Uses,
    pub(crate) refusals: Refusals,
    pub(crate) backups: backup::Backups,
    pub(crate) catalogues: Catalogues,
    /// Sums of usage that take long.
    pub(crate) kept: usage::Kept,
    /// How long a key may live at most; unset is for ever.
    pub(crate) max_key_lifetime: Option<Duration>,
    /// Unset: nobody is told anything by mail.
    pub(crate) mail: Option<Mail>,
    /// What is older than this is not written down any more.
    pub(crate) retention: Option<Retention>,
    /// Wakes the watch after a change, which would find it by itself a moment later.
    pub(crate) wake: Arc<Notify>,
    /// Somebody may wait for what an edge just reported.
    pub(crate) reported: Notify,
    pub(crate) pools: upstreams::Pools,
    pub(crate) edges: edges::Edges,
    /// This one, where it serves.
    pub(crate) process: Option<Arc<Process>>,
}

impl App {
    async fn change<'a>(&'a self, op: &'a Op, action: &'static str) -> Result<Change<'a>> {
        op.change(&self.store, &self.wake, action).await
    }
}
