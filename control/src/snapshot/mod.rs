//! What edges are told without asking: snapshots, and which keys changed.
//!
//! One task ([`follow`]) looks at the revisions in the database, right after a change of its own process
//! and twice a second anyway, so that changes of this control and of others take the same way.

pub(crate) mod follow;
mod load;
mod watch;

pub(crate) use watch::{Event, Subscription};

use crate::{error::Result, store::Store, vault::Vault};
use ostia_domain::{clock, snapshot::Snapshot};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, watch as latest};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Changes of keys that a watcher may be behind before it is ended.
const KEY_CHANGES: usize = 1_024;

/// Where watchers come together. A clone is the same hub.
#[derive(Clone)]
pub(crate) struct Hub {
    /// Only the newest: a watcher that was busy skips those between.
    snapshot: latest::Sender<Arc<Snapshot>>,
    /// Empty: any key may have changed.
    keys: broadcast::Sender<Arc<[Uuid]>>,
    /// When the database was last looked at.
    looked: latest::Sender<Instant>,
    closed: CancellationToken,
}

impl Hub {
    /// With a first snapshot, so that nobody ever waits for one.
    pub(crate) async fn open(
        store: &Store,
        vault: &Vault,
        closed: CancellationToken,
    ) -> Result<Self> {
        let snapshot = load::snapshot(store, vault).await?;
        Ok(Self {
            snapshot: latest::Sender::new(Arc::new(snapshot)),
            keys: broadcast::Sender::new(KEY_CHANGES),
            looked: latest::Sender::new(clock::instant()),
            closed,
        })
    }

    /// Whether watchers are being told what happens.
    pub(crate) fn follows(&self, within: Duration) -> bool {
        self.looked.borrow().elapsed() <= within
    }

    /// A watch that ends with this hub, or with `listener`.
    pub(crate) fn subscribe(&self, listener: CancellationToken) -> Subscription {
        Subscription::new(self, listener)
    }
}
