//! From the name that a client used to the tool, prompt or resource that it means.

use crate::view::{Item, Kind, UpstreamView, View};
use std::sync::Arc;

/// Which part of Ostia a client speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/mcp`: every upstream, with exposed names.
    Everything,
    /// `/mcp/<upstream>`: one, with its names untouched.
    One(String),
}

impl Endpoint {
    /// The part of the path after `/mcp`.
    pub fn name(&self) -> &str {
        match self {
            Self::Everything => "",
            Self::One(name) => name,
        }
    }
}

/// What a client asks for, by the name that it uses.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub kind: Kind,
    pub name: &'a str,
}

/// A pure look-up: it says nothing about whether the caller may use what it finds.
pub fn resolve(view: &View, endpoint: &Endpoint, wanted: Wanted<'_>) -> Option<Arc<Item>> {
    let Wanted { kind, name } = wanted;
    match endpoint {
        Endpoint::Everything => match kind {
            Kind::Tool => view.tool(name).cloned(),
            Kind::Prompt => view.prompt(name).cloned(),
            Kind::Resource | Kind::Template => view.resource(name),
        },
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

/// The upstreams that an endpoint serves, in the order of lists.
pub fn upstreams<'v>(view: &'v View, endpoint: &Endpoint) -> &'v [Arc<UpstreamView>] {
    match endpoint {
        Endpoint::Everything => &view.upstreams,
        Endpoint::One(name) => view.upstream(name).map_or(&[], std::slice::from_ref),
    }
}
