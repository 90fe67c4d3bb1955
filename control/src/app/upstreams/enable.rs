//! Whether an upstream is served.

use super::{UpstreamView, detail};
use crate::{
    app::App,
    error::{Error, Result},
    op::{Detail, Op, Touched},
    store,
};

impl App {
    pub(crate) async fn set_upstream_enabled(
        &self,
        op: &Op,
        reference: &str,
        enabled: bool,
    ) -> Result<UpstreamView> {
        let action = if enabled {
            "upstreams.enable"
        } else {
            "upstreams.disable"
        };
        let change = self.change(op, action).await?;
        let stored = store::upstreams::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("upstream", reference))?;
        let id = stored.upstream.id;
        store::upstreams::set_enabled(change.tx(), id, enabled).await?;
        let mut after = stored.clone();
        after.upstream.enabled = enabled;
        let detail = Detail::changed(detail(&stored), detail(&after));
        change
            .commit(stored.upstream.name.as_str(), detail, Touched::Snapshot)
            .await?;
        self.upstream(&id.to_string()).await
    }
}
