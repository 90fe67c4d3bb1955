//! What had its time goes: browser sessions, requests that were to be done once, and quotas of days and months that are
//! over. Nothing waits for it: no answer tells one of them.

use crate::{
    error::Result,
    store::{self, Store},
};
use ostia_domain::clock;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Everybody who opens a provider's page makes a session, signed in or not.
const EVERY: Duration = Duration::from_secs(300);

pub(crate) async fn run(store: Store, stop: CancellationToken) {
    loop {
        if let Err(error) = prune(&store).await {
            tracing::warn!(%error, "what has ended could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn prune(store: &Store) -> Result<()> {
    let (write, now) = (store.write().await?, clock::now());
    store::browser_sessions::prune(write.tx(), now).await?;
    store::idempotency::prune(write.tx(), now).await?;
    store::quotas::prune(write.tx(), now).await?;
    Ok(write.commit().await?)
}
