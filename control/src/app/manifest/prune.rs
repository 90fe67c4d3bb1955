//! What an earlier manifest made and this one does not name.

use super::{Applying, Kind};
use crate::{
    error::Result,
    store::{self, Tx},
};
use std::collections::HashSet;
use uuid::Uuid;

/// Of one kind, what a manifest made.
struct Marked<'a> {
    kind: Kind,
    ids: HashSet<Uuid>,
    names: &'a HashSet<(&'static str, String)>,
}

impl<'a> Marked<'a> {
    async fn of(tx: &Tx, kind: Kind, names: &'a HashSet<(&'static str, String)>) -> Result<Self> {
        let ids = store::manifest::marked(tx, kind.as_str()).await?;
        Ok(Self { kind, ids, names })
    }

    fn goes(&self, id: Uuid, name: &str) -> bool {
        self.ids.contains(&id) && !self.names.contains(&(self.kind.as_str(), name.to_owned()))
    }
}

impl Applying<'_> {
    /// What refers to others goes first.
    pub(super) async fn prune(&mut self, names: &HashSet<(&'static str, String)>) -> Result<()> {
        let marked = Marked::of(self.changes.tx(), Kind::Bundles, names).await?;
        for stored in store::bundles::list(self.changes.tx()).await? {
            let bundle = stored.bundle;
            let (id, name) = (bundle.id, bundle.name.to_string());
            if marked.goes(id, &name) {
                let removed = self.remove_bundle(bundle).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        let marked = Marked::of(self.changes.tx(), Kind::Groups, names).await?;
        for stored in store::groups::list(self.changes.tx()).await? {
            let (id, name) = (stored.group.id, stored.group.name.clone());
            if marked.goes(id, &name) {
                let removed = self.remove_group(stored).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        let marked = Marked::of(self.changes.tx(), Kind::Prices, names).await?;
        for stored in store::prices::list(self.changes.tx()).await? {
            let price = stored.price;
            let (id, name) = (price.id, price.tools.as_str().to_owned());
            if marked.goes(id, &name) {
                let removed = self.remove_price(price).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        let marked = Marked::of(self.changes.tx(), Kind::Upstreams, names).await?;
        for stored in store::upstreams::list(self.changes.tx()).await? {
            let (id, name) = (stored.upstream.id, stored.upstream.name.to_string());
            if marked.goes(id, &name) {
                let removed = self.remove_upstream(&stored).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        let marked = Marked::of(self.changes.tx(), Kind::Policies, names).await?;
        for stored in store::policies::list(self.changes.tx()).await? {
            let policy = stored.policy;
            let (id, name) = (policy.id, policy.name.clone());
            if marked.goes(id, &name) {
                let removed = self.remove_policy(policy).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        let marked = Marked::of(self.changes.tx(), Kind::Plans, names).await?;
        for plan in store::plans::list(self.changes.tx()).await? {
            let (id, name) = (plan.id, plan.name.clone());
            if marked.goes(id, &name) {
                let removed = self.remove_plan(plan).await;
                self.unmark(&marked, id, &name, removed).await?;
            }
        }
        Ok(())
    }

    async fn unmark(
        &self,
        marked: &Marked<'_>,
        id: Uuid,
        name: &str,
        removed: Result<()>,
    ) -> Result<()> {
        removed.map_err(|error| error.at(&marked.kind.place(name)))?;
        store::manifest::unmark(self.changes.tx(), marked.kind.as_str(), id).await?;
        Ok(())
    }
}
