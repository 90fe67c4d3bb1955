//! What Ostia says about itself at an endpoint: for all upstreams that the caller can use at once.

use super::{era::Era, received::Received, tasks};
use crate::{
    authorize::visible,
    route::{self, Endpoint},
    upstream::handshake::client_info,
    view::{Kind, UpstreamView, View},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Of what upstreams say about their use, not more than this comes together.
const MAX_INSTRUCTIONS: usize = 8 << 10;

pub struct Introduction {
    pub capabilities: Value,
    pub instructions: Option<String>,
    pub server_info: Value,
}

pub fn introduce(received: &Received<'_>) -> Introduction {
    let view = received.state.view.load();
    let usable: Vec<_> = route::upstreams(&view, &received.endpoint)
        .iter()
        .filter(|upstream| uses(received, &view, upstream))
        .collect();
    Introduction {
        capabilities: capabilities(&usable, received.era),
        instructions: match &received.endpoint {
            Endpoint::One(_) => usable.first().and_then(|one| one.instructions.clone()),
            Endpoint::Everything | Endpoint::Bundle(_) => merged(&usable),
        },
        server_info: server_info(&view, &received.endpoint),
    }
}

/// Who answers: at an upstream's own endpoint, the upstream. What it said of itself is shown with its
/// tools' names, so it tells a caller nothing new.
pub fn server_info(view: &View, endpoint: &Endpoint) -> Value {
    let own = match endpoint {
        Endpoint::One(name) => view
            .upstream(name)
            .and_then(|upstream| upstream.server_info.clone()),
        Endpoint::Everything | Endpoint::Bundle(_) => None,
    };
    own.unwrap_or_else(client_info)
}

/// Whether the caller may use anything of an upstream.
pub fn uses(received: &Received<'_>, view: &View, upstream: &UpstreamView) -> bool {
    let endpoint = match &received.endpoint {
        bundle @ Endpoint::Bundle(_) => bundle.clone(),
        Endpoint::Everything | Endpoint::One(_) => Endpoint::One(upstream.name().to_owned()),
    };
    Kind::ALL.into_iter().any(|kind| {
        visible(view, &received.principal, &endpoint, kind)
            .any(|item| item.upstream.id == upstream.upstream.id)
    })
}

/// What any of the upstreams can do, as far as it is passed on.
fn capabilities(upstreams: &[&Arc<UpstreamView>], era: Era) -> Value {
    let any = |name: &str| {
        let mut said = upstreams.iter().filter_map(|one| one.capabilities.as_ref());
        said.any(|capabilities| capabilities.contains_key(name))
    };
    let changes = json!({"listChanged": true});
    let mut capabilities = Map::new();
    capabilities.insert("tools".into(), changes.clone());
    if any("prompts") {
        capabilities.insert("prompts".into(), changes.clone());
    }
    if any("resources") {
        let subscribe = upstreams.iter().any(|one| {
            let said = one.capabilities.as_ref().and_then(|c| c.get("resources"));
            said.is_some_and(|resources| resources["subscribe"] == true)
        });
        let mut resources = changes.clone();
        if subscribe {
            resources["subscribe"] = true.into();
        }
        capabilities.insert("resources".into(), resources);
    }
    for name in ["completions", "logging"] {
        if any(name) {
            capabilities.insert(name.into(), json!({}));
        }
    }
    tasks::introduce(&mut capabilities, upstreams, era);
    capabilities.into()
}

/// Each under the name of its upstream. What does not fit is left out whole, and that is said.
fn merged(upstreams: &[&Arc<UpstreamView>]) -> Option<String> {
    let mut merged = String::new();
    let mut left_out = Vec::new();
    for upstream in upstreams {
        let Some(instructions) = &upstream.instructions else {
            continue;
        };
        let part = format!("# {}\n\n{}\n\n", upstream.name(), instructions.trim());
        if merged.len() + part.len() > MAX_INSTRUCTIONS {
            left_out.push(upstream.name());
        } else {
            merged.push_str(&part);
        }
    }
    if !left_out.is_empty() {
        merged.push_str("Instructions of these were too long to be here: ");
        merged.push_str(&left_out.join(", "));
    }
    let merged = merged.trim_end();
    (!merged.is_empty()).then(|| merged.to_owned())
}
