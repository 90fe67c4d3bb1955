//! Having an upstream listed anew, because somebody asks.

use super::UpstreamView;
use crate::{
    app::App,
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store,
};
use std::time::Duration;
use tokio::time::timeout;

/// How long somebody waits who does not say how long.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(20);
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How late a report to another control may be noticed.
const INTERVAL: Duration = Duration::from_millis(300);

impl App {
    /// Counts the listing up, which every edge sees whichever control it follows, and waits until the first
    /// has reported.
    pub(crate) async fn discover_upstream(
        &self,
        op: &Op,
        reference: &str,
        wait: Duration,
    ) -> Result<UpstreamView> {
        if wait > MAX_WAIT {
            let problem = format!("is more than {} s", MAX_WAIT.as_secs());
            return Err(Error::invalid("wait", problem));
        }
        let change = self.change(op, "upstreams.discover").await?;
        let stored = store::upstreams::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("upstream", reference))?;
        if !stored.upstream.enabled {
            let problem = "the upstream is off: no edge lists it before it is enabled";
            return Err(Error::conflict(problem));
        }
        let id = stored.upstream.id;
        let listing = store::upstreams::ask_listing(change.tx(), id).await?;
        let name = stored.upstream.name.as_str();
        let detail = Detail::done().with("listing", listing);
        change.commit(name, detail, Touched::Snapshot).await?;
        let listed = timeout(wait, self.listed(&id.to_string(), listing)).await;
        listed.map_err(|_| Error(Kind::Unlisted { wait }))?
    }

    async fn listed(&self, id: &str, listing: u64) -> Result<UpstreamView> {
        loop {
            let mut reported = std::pin::pin!(self.reported.notified());
            // Before looking, so that no report falls between the two.
            reported.as_mut().enable();
            let view = self.upstream(id).await?;
            if view.stored.listed >= listing {
                return Ok(view);
            }
            // Whichever of the two it was, the next look tells.
            let _ = timeout(INTERVAL, reported).await;
        }
    }
}
