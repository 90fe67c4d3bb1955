//! What edges are told without asking: snapshots, and which keys changed.
//!
//! One task ([`follow`]) looks at the revisions in the database, right after a change of its own process
//! and twice a second anyway, so that changes of this control and of others take the same way.

pub(crate) mod follow;
mod load;
mod told;
mod watch;

pub(crate) use load::open;
pub(crate) use told::{Has, Told};
pub(crate) use watch::{Event, Subscription};

use crate::error::Result;
use load::Loader;
use ostia_domain::clock;
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
    /// Only the newest: a watcher that was busy is told of all that it missed as one change.
    told: latest::Sender<Arc<Told>>,
    /// Empty: any key may have changed.
    keys: broadcast::Sender<Arc<[Uuid]>>,
    /// When the database was last looked at.
    looked: latest::Sender<Instant>,
    closed: CancellationToken,
}

impl Hub {
    /// With a first snapshot, so that nobody ever waits for one.
    async fn open(loader: &mut Loader, closed: CancellationToken) -> Result<Self> {
        let told = Told::first(loader.load().await?);
        Ok(Self {
            told: latest::Sender::new(Arc::new(told)),
            keys: broadcast::Sender::new(KEY_CHANGES),
            looked: latest::Sender::new(clock::instant()),
            closed,
        })
    }

    /// Whether watchers are being told what happens.
    pub(crate) fn follows(&self, within: Duration) -> bool {
        self.looked.borrow().elapsed() <= within
    }

    /// A watch that ends with this hub, or with `listener`, by somebody who has this already.
    pub(crate) fn subscribe(&self, has: Option<Has>, listener: CancellationToken) -> Subscription {
        Subscription::new(self, has, listener)
    }
}
