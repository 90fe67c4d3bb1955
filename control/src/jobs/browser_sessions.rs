//! Browser sessions whose time is over go. Nothing waits for it: no answer tells one of them.

use crate::{
    error::Result,
    store::{self, Store},
};
use ostia_domain::clock;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Everybody who opens a provider's page makes one, signed in or not.
const EVERY: Duration = Duration::from_secs(300);

pub(crate) async fn run(store: Store, stop: CancellationToken) {
    loop {
        if let Err(error) = prune(&store).await {
            tracing::warn!(%error, "ended browser sessions could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn prune(store: &Store) -> Result<()> {
    let write = store.write().await?;
    store::browser_sessions::prune(write.tx(), clock::now()).await?;
    Ok(write.commit().await?)
}
