//! The task that looks at the revisions and tells watchers what changed.

use super::{Hub, load::Loader};
use crate::{
    error::Result,
    store::{
        self, Store,
        revisions::{self, Revisions},
    },
    vault::Vault,
};
use ostia_domain::clock;
use std::{cmp::Ordering, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

/// How late a change of another control may be noticed.
const INTERVAL: Duration = Duration::from_millis(400);
/// How long a burst of changes may go on before watchers are told, once for all of it.
const BURST: Duration = Duration::from_millis(20);

pub(crate) struct Follow {
    store: Store,
    loader: Loader,
    hub: Hub,
    wake: Arc<Notify>,
    told: Revisions,
    failing: bool,
}

impl Follow {
    /// With the hub where it tells of everything, until `closed`.
    pub(crate) async fn new(
        store: Store,
        vault: Arc<Vault>,
        wake: Arc<Notify>,
        closed: CancellationToken,
    ) -> Result<(Self, Hub)> {
        let mut loader = Loader::new(store.clone(), vault);
        let hub = Hub::open(&mut loader, closed).await?;
        let mut told = revisions::current(store.db()).await?;
        told.snapshot = told.snapshot.min(revision_of(&hub));
        let follow = Self {
            store,
            loader,
            hub: hub.clone(),
            wake,
            told,
            failing: false,
        };
        Ok((follow, hub))
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let forever = async {
            loop {
                tokio::select! {
                    () = sleep(INTERVAL) => {}
                    () = self.wake.notified() => sleep(BURST).await,
                }
                let looked = self.look().await;
                self.report(looked);
            }
        };
        stop.run_until_cancelled(forever).await;
    }

    async fn look(&mut self) -> Result<()> {
        let now = revisions::current(self.store.db()).await?;
        match now.keys.cmp(&self.told.keys) {
            Ordering::Equal => {}
            Ordering::Greater => {
                let keys = store::revisions::keys_changed_between(
                    self.store.db(),
                    self.told.keys,
                    now.keys,
                )
                .await?;
                // A key that changed once more meanwhile is told of with that change.
                if !keys.is_empty() {
                    // Nobody watching is no error.
                    let _ = self.hub.keys.send(keys.into());
                }
            }
            // The database was put back to an earlier time: nothing that edges know holds.
            Ordering::Less => {
                let _ = self.hub.keys.send(Arc::default());
            }
        }
        self.told.keys = now.keys;
        if now.snapshot != self.told.snapshot {
            let snapshot = self.loader.load().await?;
            let told = self.hub.told.borrow().and(snapshot);
            self.hub.told.send_replace(Arc::new(told));
            self.told.snapshot = revision_of(&self.hub);
        }
        Ok(())
    }

    /// Says once that following fails and once that it works again. Without a look there are no
    /// heartbeats, so that edges learn that what they hold may be old.
    fn report(&mut self, looked: Result<()>) {
        match (looked, self.failing) {
            (Ok(()), failing) => {
                self.hub.looked.send_replace(clock::instant());
                if failing {
                    tracing::info!("changes are followed again");
                }
                self.failing = false;
            }
            (Err(error), false) => {
                tracing::error!(%error, "changes cannot be followed: edges get no news until the database answers");
                self.failing = true;
            }
            (Err(_), true) => {}
        }
    }
}

fn revision_of(hub: &Hub) -> i64 {
    i64::try_from(hub.told.borrow().snapshot.revision).unwrap_or(i64::MAX)
}
