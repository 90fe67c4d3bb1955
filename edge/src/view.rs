//! The snapshot as requests read it: names looked up, definitions ready to be sent.

mod item;
mod upstream;

#[cfg(test)]
pub use item::exposed_uri;
pub use item::{Item, Kind};
pub use upstream::UpstreamView;

use crate::{admit::PlanLimits, pool::Pool};
use ostia_domain::{
    bundle::Bundle,
    name::ExposedNames,
    policy::Policy,
    snapshot::{Objects, Snapshot},
};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use uuid::Uuid;

/// One revision of everything a request looks at. Never changed, only replaced.
#[derive(Default)]
pub struct View {
    pub revision: u64,
    pub policies: Objects<Policy>,
    pub limits: PlanLimits,
    pub bundles: HashMap<String, Arc<Bundle>>,
    /// By name; the order in which lists show them.
    pub upstreams: Vec<Arc<UpstreamView>>,
    names: Arc<Names>,
}

/// What is looked up by name.
#[derive(Default)]
struct Names {
    upstreams: HashMap<String, Arc<UpstreamView>>,
    /// By both spellings of exposed names.
    tools: HashMap<String, Arc<Item>>,
    prompts: HashMap<String, Arc<Item>>,
}

impl View {
    /// What did not change since the view before is taken from it: most changes are about a policy, and
    /// thousands of tools have nothing to do with that.
    pub fn compile(
        snapshot: &Snapshot,
        before: &Self,
        pools: &HashMap<Uuid, Arc<Pool>>,
        limits: PlanLimits,
        names: ExposedNames,
    ) -> Self {
        let mut upstreams: Vec<_> = snapshot
            .upstreams
            .values()
            .filter_map(|upstream| {
                let pool = pools.get(&upstream.id)?;
                let found = snapshot.catalogues.get(&upstream.id);
                let found = found.filter(|found| found.upstream_version == upstream.version);
                let known = before.upstream(upstream.name.as_str());
                let known = known.filter(|known| known.is_of(upstream, pool, found));
                Some(known.cloned().unwrap_or_else(|| {
                    let (upstream, found) = (Arc::clone(upstream), found.cloned());
                    Arc::new(UpstreamView::new(upstream, pool, found, names))
                }))
            })
            .collect();
        upstreams.sort_by(|a, b| a.upstream.name.cmp(&b.upstream.name));
        let same = upstreams.len() == before.upstreams.len()
            && upstreams
                .iter()
                .zip(&before.upstreams)
                .all(|(new, old)| Arc::ptr_eq(new, old));
        let bundles = snapshot.bundles.values();
        Self {
            revision: snapshot.revision,
            policies: snapshot.policies.clone(),
            limits,
            bundles: bundles
                .map(|bundle| (bundle.name.to_string(), Arc::clone(bundle)))
                .collect(),
            names: if same {
                Arc::clone(&before.names)
            } else {
                Arc::new(Names::of(&upstreams))
            },
            upstreams,
        }
    }

    pub fn upstream(&self, name: &str) -> Option<&Arc<UpstreamView>> {
        self.names.upstreams.get(name)
    }

    /// By either spelling of its exposed name.
    pub fn tool(&self, name: &str) -> Option<&Arc<Item>> {
        self.names.tools.get(name)
    }

    /// By either spelling of its exposed name.
    pub fn prompt(&self, name: &str) -> Option<&Arc<Item>> {
        self.names.prompts.get(name)
    }

    /// By its exposed URI, or by the upstream's own where of those that `may` be used only one lists it:
    /// what a caller may not see changes nothing for it.
    pub fn resource(&self, uri: &str, may: impl Fn(&Item) -> bool) -> Option<Arc<Item>> {
        if let Some((upstream, own)) = self.split(uri) {
            return upstream.resource(&own);
        }
        let mut listed = self
            .upstreams
            .iter()
            .filter_map(|upstream| upstream.listed_resource(uri))
            .filter(|item| may(item));
        let first = listed.next()?;
        listed.next().is_none().then(|| Arc::clone(first))
    }

    /// The reverse of [`exposed_uri`](item::exposed_uri).
    fn split<'u>(&self, uri: &'u str) -> Option<(&Arc<UpstreamView>, Cow<'u, str>)> {
        let app = uri.strip_prefix(item::APP_SCHEME);
        let (name, rest) = app.unwrap_or(uri).split_once('+')?;
        let own = match app {
            Some(_) => Cow::Owned([item::APP_SCHEME, rest].concat()),
            None => Cow::Borrowed(rest),
        };
        Some((self.upstream(name)?, own))
    }
}

impl Names {
    /// Calls accept either spelling, whichever lists show.
    fn of(upstreams: &[Arc<UpstreamView>]) -> Self {
        let mut names = Self::default();
        for upstream in upstreams {
            for spelling in [ExposedNames::Safe, ExposedNames::Dotted] {
                let of = |item: &Arc<Item>| {
                    let name = spelling.expose(&item.upstream.name, &item.name);
                    (name, Arc::clone(item))
                };
                names.tools.extend(upstream.tools.iter().map(of));
                names.prompts.extend(upstream.prompts.iter().map(of));
            }
            let name = upstream.name().to_owned();
            names.upstreams.insert(name, Arc::clone(upstream));
        }
        names
    }
}
