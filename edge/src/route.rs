//! From the name that a client used to the tool, prompt or resource that it means.

use crate::view::{Item, Kind, UpstreamView, View};
use ostia_domain::bundle::Override;
use std::{borrow::Cow, sync::Arc};
use uuid::Uuid;

/// Which part of Ostia a client speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/mcp`: every upstream, with exposed names.
    Everything,
    /// `/mcp/<upstream>`: one, with its names untouched.
    One(String),
    /// `/mcp/@<bundle>`: a named selection, with names of its own for some.
    Bundle(String),
}

impl Endpoint {
    /// From the part of the path after `/mcp/`.
    pub fn named(path: String) -> Self {
        match path.strip_prefix('@') {
            Some(bundle) => Self::Bundle(bundle.to_owned()),
            None => Self::One(path),
        }
    }

    /// As its path tells it apart.
    pub fn name(&self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::One(name) => name.clone(),
            Self::Bundle(name) => format!("@{name}"),
        }
    }
}

/// What a client asks for, by the name that it uses.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub kind: Kind,
    pub name: &'a str,
}

/// A pure look-up: it says nothing about whether the caller may use what it finds. `may` only tells apart
/// what one name could mean.
pub fn resolve(
    view: &View,
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
    may: impl Fn(&Item) -> bool,
) -> Option<Arc<Item>> {
    let Wanted { kind, name } = wanted;
    let exposed = |name: &str| match kind {
        Kind::Tool => view.tool(name).cloned(),
        Kind::Prompt => view.prompt(name).cloned(),
        Kind::Resource | Kind::Template => view.resource(name, &may),
    };
    match endpoint {
        Endpoint::Everything => exposed(name),
        Endpoint::Bundle(bundle) => {
            let selection = &view.bundles.get(bundle)?.selection;
            let renamed = |shown: &&Override| shown.name.as_deref() == Some(name);
            let own = selection.overrides.iter().find(renamed);
            let item = match own.filter(|_| kind == Kind::Tool) {
                // By its dotted name, which `/mcp` takes as well.
                Some(shown) => exposed(&shown.tool),
                None => exposed(name),
            };
            item.filter(|item| selection.includes(&item.canonical))
        }
        Endpoint::One(upstream) => {
            let upstream = view.upstream(upstream)?;
            match kind {
                Kind::Tool => upstream.tool(name).cloned(),
                Kind::Prompt => upstream.prompt(name).cloned(),
                Kind::Resource | Kind::Template => upstream.resource(name),
            }
        }
    }
}

/// A tool by its upstream and the upstream's own name for it, where an endpoint has it.
pub fn own_tool(view: &View, endpoint: &Endpoint, upstream: Uuid, tool: &str) -> Option<Arc<Item>> {
    let mut served = upstreams(view, endpoint).iter();
    let item = served
        .find(|served| served.upstream.id == upstream)?
        .tool(tool)?;
    has(view, endpoint, item).then(|| Arc::clone(item))
}

/// Whether an endpoint has this at all.
pub fn has(view: &View, endpoint: &Endpoint, item: &Item) -> bool {
    match endpoint {
        Endpoint::Everything | Endpoint::One(_) => true,
        Endpoint::Bundle(name) => view
            .bundles
            .get(name)
            .is_some_and(|bundle| bundle.selection.includes(&item.canonical)),
    }
}

/// How an endpoint shows this, as JSON.
pub fn definition<'v>(view: &View, endpoint: &Endpoint, item: &'v Item) -> Cow<'v, str> {
    match endpoint {
        Endpoint::Everything => Cow::Borrowed(&item.exposed_definition),
        Endpoint::One(_) => Cow::Borrowed(&item.definition),
        Endpoint::Bundle(name) => view
            .bundles
            .get(name)
            .and_then(|bundle| {
                let overrides = &bundle.selection.overrides;
                overrides.iter().find(|shown| shown.tool == item.canonical)
            })
            .filter(|_| item.kind == Kind::Tool)
            .map_or(Cow::Borrowed(&item.exposed_definition), |shown| {
                Cow::Owned(item.shown_as(shown))
            }),
    }
}

/// The upstreams that an endpoint serves, in the order of lists.
pub fn upstreams<'v>(view: &'v View, endpoint: &Endpoint) -> &'v [Arc<UpstreamView>] {
    match endpoint {
        Endpoint::Everything | Endpoint::Bundle(_) => &view.upstreams,
        Endpoint::One(name) => view.upstream(name).map_or(&[], std::slice::from_ref),
    }
}
