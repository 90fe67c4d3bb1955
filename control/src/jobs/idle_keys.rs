//! Owners are told of keys that nobody uses, and after a while the keys are made inactive, whether their owners could
//! be told or not: a mail server that is away keeps no key alive. Nobody waits for it to the minute.

use crate::{app::App, config::MaxKeyIdle};
use chrono::TimeDelta;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Until the token is cancelled; a key that was begun with is finished.
pub(crate) async fn run(app: Arc<App>, max: MaxKeyIdle, stop: CancellationToken) {
    // Longer than the calendar: no key is ever idle.
    let Ok(idle) = TimeDelta::from_std(max.idle) else {
        return;
    };
    while !stop.is_cancelled() {
        if let Err(error) = app.warn_of_idle_keys(idle, &stop).await {
            tracing::warn!(%error, "owners of keys that nobody uses could not be told");
        }
        if let Err(error) = app.inactivate_idle_keys(idle, &stop).await {
            tracing::warn!(%error, "keys that nobody uses could not be made inactive");
        }
        tokio::select! {
            () = tokio::time::sleep(max.every) => {}
            () = stop.cancelled() => {}
        }
    }
}
