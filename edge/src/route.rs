//! From the name that a client used to the tool that it means.

use crate::view::{ToolView, UpstreamView, View};
use std::sync::Arc;

/// Which part of Ostia a client speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/mcp`: every upstream, with exposed names.
    Everything,
    /// `/mcp/<upstream>`: one, with its names untouched.
    One(String),
}

/// A pure look-up: it says nothing about whether the caller may use what it finds.
pub fn resolve<'v>(view: &'v View, endpoint: &Endpoint, name: &str) -> Option<&'v Arc<ToolView>> {
    match endpoint {
        Endpoint::Everything => view.tool(name),
        Endpoint::One(upstream) => view.upstream(upstream)?.tool(name),
    }
}

/// The upstreams that an endpoint serves, in the order of lists.
pub fn upstreams<'v>(view: &'v View, endpoint: &Endpoint) -> &'v [Arc<UpstreamView>] {
    match endpoint {
        Endpoint::Everything => &view.upstreams,
        Endpoint::One(name) => view.upstream(name).map_or(&[], std::slice::from_ref),
    }
}
