//! Another definition in the place of one.

use std::sync::Arc;

use super::{UpstreamView, check, credentials, demo, detail, view};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store::{self, Tx, upstreams::StoredUpstream},
};
use ostia_domain::upstream::Upstream;

impl App {
    /// `version`: the definition that is to be replaced, if it matters which. Id, version and state of
    /// `upstream` are ignored.
    pub(crate) async fn update_upstream(
        &self,
        op: &Op,
        reference: &str,
        version: Option<u64>,
        upstream: Upstream,
    ) -> Result<UpstreamView> {
        check(&upstream)?;
        let change = self.change(op, "upstreams.update").await?;
        let before = store::upstreams::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("upstream", reference))?;
        let old = &before.upstream;
        if version.is_some_and(|version| version != old.version) {
            return Err(changed(op));
        }
        if upstream.name != old.name {
            let problem = "an upstream keeps its name, which policies and bundles know it by";
            return Err(Error::invalid("definition.name", problem));
        }
        let catalogue = store::catalogues::find(change.tx(), old.id).await?;
        if self.is_same(&before, &upstream) {
            // Its workers go on.
            change.needless(&detail(&before))?;
            return Ok(view(before, catalogue.map(Arc::new)));
        }
        let stored = self
            .replace_upstream(op, change.tx(), &before, upstream)
            .await?;
        let catalogue = store::catalogues::find(change.tx(), old.id).await?;
        let detail = Detail::changed(detail(&before), detail(&stored));
        change
            .commit(old.name.as_str(), detail, Touched::Snapshot)
            .await?;
        Ok(view(stored, catalogue.map(Arc::new)))
    }

    /// Whether a definition says what there is, credentials included. Id, version and state of `wanted` are ignored.
    fn is_same(&self, before: &StoredUpstream, wanted: &Upstream) -> bool {
        let old = &before.upstream;
        let mut bare = Upstream {
            id: old.id,
            version: old.version,
            listing: old.listing,
            enabled: old.enabled,
            ..wanted.clone()
        };
        let given = credentials::take(&mut bare.transport);
        bare == *old
            && given.keys().eq(before.credentials.keys())
            && self.other_credentials(before, wanted).is_empty()
    }

    /// Puts a definition in the place of the one of the same name. Its id, version and state are ignored.
    pub(in crate::app) async fn replace_upstream(
        &self,
        op: &Op,
        tx: &Tx,
        before: &StoredUpstream,
        mut upstream: Upstream,
    ) -> Result<StoredUpstream> {
        let old = &before.upstream;
        upstream.id = old.id;
        upstream.version = old.version + 1;
        upstream.listing = old.listing;
        upstream.enabled = old.enabled;
        let credentials = self.seal(&mut upstream, Some(before))?;
        // The same server offers the same, whatever it is given, until an edge finds out otherwise.
        let ways = [old, &upstream].map(|of| of.transport.without_credentials());
        let same = ways[0] == ways[1] && upstream.protocol == old.protocol;
        let stored = StoredUpstream {
            upstream,
            credentials,
            created_at: before.created_at,
            problem: None,
            listed: before.listed,
        };
        if !store::upstreams::replace(tx, &stored, old.version).await? {
            return Err(changed(op));
        }
        demo::keep(tx, op, old).await?;
        if same {
            let (id, version) = (old.id, stored.upstream.version);
            store::catalogues::carry_over(tx, id, old.version, version).await?;
        }
        Ok(stored)
    }
}

fn changed(op: &Op) -> Error {
    // Whoever says what it is to be like is told that it is not.
    if op.conditions.if_match.is_some() {
        return Error(Kind::PreconditionFailed);
    }
    Error::conflict("the upstream was changed meanwhile: look at what it is now")
}
