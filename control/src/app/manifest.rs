//! An installation as one document: what it should be, applied as a whole, and what it is.
//!
//! Every kind of object has a file here that says how one is compared, made, changed and removed. All of
//! them work in one transaction, so that what comes later is checked against what came before, and a dry
//! run is an apply that is not committed.

mod bundles;
mod difference;
mod groups;
mod plans;
mod policies;
mod prices;
mod prune;
mod upstreams;

pub(crate) use difference::FieldChange;

use super::{App, groups::GroupView};
use crate::{
    error::{Error, Result},
    op::{Changes, Op},
    store::{
        self, bundles::StoredBundle, policies::StoredPolicy, prices::StoredPrice,
        upstreams::StoredUpstream,
    },
};
use ostia_domain::{
    bundle::Selection,
    glob::Glob,
    name::UpstreamName,
    plan::{Limits, Plan},
    policy::Rules,
    price::Currency,
    upstream::Upstream,
};
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

#[derive(Default)]
pub(crate) struct Manifest {
    /// As new ones; those that are there keep id, version and state. A credential that is empty is the one
    /// that there is.
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) policies: Vec<NamedPolicy>,
    pub(crate) plans: Vec<NamedPlan>,
    pub(crate) bundles: Vec<NamedBundle>,
    pub(crate) groups: Vec<NamedGroup>,
    pub(crate) prices: Vec<NamedPrice>,
}

pub(crate) struct NamedPolicy {
    pub(crate) name: String,
    /// Unset: those of the preset.
    pub(crate) rules: Option<Rules>,
    pub(crate) preset: Option<String>,
}

pub(crate) struct NamedPlan {
    pub(crate) name: String,
    pub(crate) limits: Limits,
}

pub(crate) struct NamedBundle {
    pub(crate) name: UpstreamName,
    pub(crate) selection: Selection,
}

/// All by name.
pub(crate) struct NamedGroup {
    pub(crate) name: String,
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
    /// Unset: whoever is in it.
    pub(crate) members: Option<Vec<String>>,
}

pub(crate) struct NamedPrice {
    pub(crate) tools: Glob,
    pub(crate) micros: u64,
    pub(crate) currency: Currency,
}

/// What is exported: everything, each by name.
pub(crate) struct Exported {
    pub(crate) upstreams: Vec<StoredUpstream>,
    pub(crate) policies: Vec<StoredPolicy>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) bundles: Vec<StoredBundle>,
    pub(crate) groups: Vec<GroupView>,
    pub(crate) prices: Vec<StoredPrice>,
}

/// The lists of a manifest, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Upstreams,
    Policies,
    Plans,
    Bundles,
    Groups,
    Prices,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Upstreams => "upstreams",
            Self::Policies => "policies",
            Self::Plans => "plans",
            Self::Bundles => "bundles",
            Self::Groups => "groups",
            Self::Prices => "prices",
        }
    }

    /// Where an object stands, as `plans.team`.
    pub(crate) fn place(self, name: &str) -> String {
        format!("{}.{name}", self.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Unchanged,
    Created,
    Changed,
    Removed,
}

pub(crate) struct ObjectChange {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) action: Action,
    pub(crate) fields: Vec<FieldChange>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) dry_run: bool,
    pub(crate) prune: bool,
}

/// A manifest on its way into the database.
struct Applying<'a> {
    app: &'a App,
    changes: Changes<'a>,
    objects: Vec<ObjectChange>,
}

impl App {
    pub(crate) async fn apply_manifest(
        &self,
        op: &Op,
        manifest: Manifest,
        how: How,
    ) -> Result<Vec<ObjectChange>> {
        let names = manifest.names()?;
        let mut applying = Applying {
            app: self,
            changes: op.changes(&self.store, &self.wake).await?,
            objects: Vec::new(),
        };
        applying.all(manifest).await?;
        if how.prune {
            applying.prune(&names).await?;
        }
        let mut objects = applying.objects;
        // What is removed was put last, and stays there within its kind.
        objects.sort_by_key(|object| (object.action == Action::Removed, object.kind));
        let same = |object: &ObjectChange| object.action == Action::Unchanged;
        if !how.dry_run && !objects.iter().all(same) {
            applying.changes.commit().await?;
        }
        Ok(objects)
    }

    pub(crate) async fn export_manifest(&self) -> Result<Exported> {
        let read = self.store.read().await?;
        let mut groups = Vec::new();
        for stored in store::groups::list(&read).await? {
            groups.push(super::groups::view(&read, stored).await?);
        }
        Ok(Exported {
            upstreams: store::upstreams::list(&read).await?,
            policies: policies(store::policies::list(&read).await?)?,
            plans: store::plans::list(&read).await?,
            bundles: store::bundles::list(&read).await?,
            groups,
            prices: store::prices::list(&read).await?,
        })
    }
}

/// A manifest without one of them would remove it where it is applied with `prune`.
fn policies(all: Vec<StoredPolicy>) -> Result<Vec<StoredPolicy>> {
    if let Some(stored) = all.iter().find(|stored| stored.unreadable) {
        let name = &stored.policy.name;
        let problem = format!("the policy {name:?} cannot be read by this version of Ostia");
        return Err(Error::conflict(problem));
    }
    Ok(all)
}

impl Manifest {
    /// Of everything that it names; nothing is named twice.
    fn names(&self) -> Result<HashSet<(&'static str, String)>> {
        fn of<'a, T>(
            kind: Kind,
            list: &'a [T],
            name: impl Fn(&'a T) -> &'a str,
        ) -> impl Iterator<Item = (Kind, &'a str)> {
            list.iter().map(move |one| (kind, name(one)))
        }
        let all = of(Kind::Upstreams, &self.upstreams, |one| one.name.as_str())
            .chain(of(Kind::Policies, &self.policies, |one| &one.name))
            .chain(of(Kind::Plans, &self.plans, |one| &one.name))
            .chain(of(Kind::Bundles, &self.bundles, |one| one.name.as_str()))
            .chain(of(Kind::Groups, &self.groups, |one| &one.name))
            .chain(of(Kind::Prices, &self.prices, |one| one.tools.as_str()));
        let mut names = HashSet::new();
        for (kind, name) in all {
            if !names.insert((kind.as_str(), name.to_owned())) {
                let twice = Error::invalid("name", "is there twice");
                return Err(twice.at(&kind.place(name)));
            }
        }
        Ok(names)
    }
}

impl Applying<'_> {
    /// What others refer to comes first.
    async fn all(&mut self, manifest: Manifest) -> Result<()> {
        for plan in manifest.plans {
            let place = Kind::Plans.place(&plan.name);
            self.plan(plan).await.map_err(|error| error.at(&place))?;
        }
        for policy in manifest.policies {
            let place = Kind::Policies.place(&policy.name);
            self.policy(policy)
                .await
                .map_err(|error| error.at(&place))?;
        }
        for upstream in manifest.upstreams {
            let place = Kind::Upstreams.place(upstream.name.as_str());
            self.upstream(upstream)
                .await
                .map_err(|error| error.at(&place))?;
        }
        for bundle in manifest.bundles {
            let place = Kind::Bundles.place(bundle.name.as_str());
            self.bundle(bundle)
                .await
                .map_err(|error| error.at(&place))?;
        }
        for group in manifest.groups {
            let place = Kind::Groups.place(&group.name);
            self.group(group).await.map_err(|error| error.at(&place))?;
        }
        for price in manifest.prices {
            let place = Kind::Prices.place(price.tools.as_str());
            self.price(price).await.map_err(|error| error.at(&place))?;
        }
        Ok(())
    }

    /// Notes that an object is new, and that a manifest made it.
    async fn created(&mut self, kind: Kind, id: Uuid, name: &str, after: &Value) -> Result<()> {
        store::manifest::mark(self.changes.tx(), kind.as_str(), id).await?;
        let fields = difference::between(&Value::Null, after);
        self.object(kind, name, Action::Created, fields);
        Ok(())
    }

    fn object(&mut self, kind: Kind, name: &str, action: Action, fields: Vec<FieldChange>) {
        self.objects.push(ObjectChange {
            kind,
            name: name.to_owned(),
            action,
            fields,
        });
    }

    /// Notes what is different, or that nothing is, which is `false`.
    fn changed(&mut self, kind: Kind, name: &str, fields: Vec<FieldChange>) -> bool {
        let action = if fields.is_empty() {
            Action::Unchanged
        } else {
            Action::Changed
        };
        self.object(kind, name, action, fields);
        action == Action::Changed
    }
}
