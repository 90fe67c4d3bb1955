//! The snapshot as requests read it: names looked up, definitions ready to be sent.

mod item;
mod upstream;

pub use item::{Item, Kind};
pub use upstream::UpstreamView;

use crate::{admit::PlanLimits, pool::Pool};
use ostia_domain::{bundle::Bundle, name::ExposedNames, policy::Policy, snapshot::Snapshot};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use uuid::Uuid;

/// One revision of everything a request looks at. Never changed, only replaced.
#[derive(Default)]
pub struct View {
    pub revision: u64,
    pub policies: HashMap<Uuid, Policy>,
    pub limits: PlanLimits,
    pub bundles: HashMap<String, Arc<Bundle>>,
    /// By name; the order in which lists show them.
    pub upstreams: Vec<Arc<UpstreamView>>,
    by_upstream: HashMap<String, Arc<UpstreamView>>,
    /// By both spellings of exposed names.
    tools: HashMap<String, Arc<Item>>,
    prompts: HashMap<String, Arc<Item>>,
}

impl View {
    pub fn compile(
        snapshot: Snapshot,
        pools: &HashMap<Uuid, Arc<Pool>>,
        limits: PlanLimits,
        names: ExposedNames,
    ) -> Self {
        let mut catalogues: HashMap<Uuid, _> = snapshot
            .catalogues
            .into_iter()
            .map(|found| (found.upstream_id, found))
            .collect();
        let mut view = Self {
            revision: snapshot.revision,
            policies: snapshot
                .policies
                .into_iter()
                .map(|policy| (policy.id, policy))
                .collect(),
            bundles: snapshot
                .bundles
                .into_iter()
                .map(|bundle| (bundle.name.to_string(), Arc::new(bundle)))
                .collect(),
            limits,
            ..Self::default()
        };
        let mut upstreams = snapshot.upstreams;
        upstreams.sort_by(|a, b| a.name.cmp(&b.name));
        for upstream in upstreams {
            let Some(pool) = pools.get(&upstream.id) else {
                continue;
            };
            let found = catalogues
                .remove(&upstream.id)
                .filter(|found| found.upstream_version == upstream.version);
            view.add(UpstreamView::new(Arc::new(upstream), pool, found, names));
        }
        view
    }

    /// Calls accept either spelling, whichever lists show.
    fn add(&mut self, upstream: UpstreamView) {
        for spelling in [ExposedNames::Safe, ExposedNames::Dotted] {
            let of = |item: &Arc<Item>| {
                let name = spelling.expose(&item.upstream.name, &item.name);
                (name, Arc::clone(item))
            };
            self.tools.extend(upstream.tools.iter().map(of));
            self.prompts.extend(upstream.prompts.iter().map(of));
        }
        let upstream = Arc::new(upstream);
        self.by_upstream
            .insert(upstream.name().to_owned(), Arc::clone(&upstream));
        self.upstreams.push(upstream);
    }

    pub fn upstream(&self, name: &str) -> Option<&Arc<UpstreamView>> {
        self.by_upstream.get(name)
    }

    /// By either spelling of its exposed name.
    pub fn tool(&self, name: &str) -> Option<&Arc<Item>> {
        self.tools.get(name)
    }

    /// By either spelling of its exposed name.
    pub fn prompt(&self, name: &str) -> Option<&Arc<Item>> {
        self.prompts.get(name)
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
