//! Lists of tools, prompts, resources and resource templates, from the catalogue in memory.

use super::{
    envelope::{member, string},
    era::{Era, META_SERVER_INFO},
    introduce::server_info,
    received::{Received, answered},
};
use crate::{
    authorize::{reachable, visible},
    error::Error,
    route::{self, Endpoint},
    view::{Kind, UpstreamView, View},
};
use axum::response::Response;
use ostia_domain::code::Code;
use serde_json::{Value, json};

/// In `_meta` of a list: which upstreams it lacks, and why.
const META_MISSING: &str = "dev.ostia/missing";

/// Everything of one kind that the caller may use, on one page: some clients never ask for a second. The
/// order is that of upstreams by name and of items as their upstream lists them, so it is the same every
/// time.
pub fn serve(received: &Received<'_>, kind: Kind) -> Result<(Response, usize), Error> {
    let cursor = received
        .message
        .params
        .and_then(|params| member(params, "cursor"))
        .and_then(string);
    if cursor.is_some() {
        let method = kind.list_method();
        let message = format!("There is no such page: {method} answers with everything at once.");
        return Err(Error::new(Code::InvalidParams, message));
    }
    let view = received.state.view.load();
    let mut result = String::from("{");
    if received.era == Era::Modern {
        result.push_str(r#""resultType":"complete","ttlMs":0,"cacheScope":"private","#);
    }
    result.extend(["\"", kind.list_member(), "\":["]);
    let mut first = true;
    let can_be_asked = received.capabilities.can_be_asked();
    for item in visible(&view, &received.principal, &received.endpoint, kind)
        .filter(|item| can_be_asked || !item.asks_client)
    {
        if !std::mem::take(&mut first) {
            result.push(',');
        }
        result.push_str(&route::definition(&view, &received.endpoint, item));
    }
    result.push(']');
    if let Some(meta) = meta(received, &view, kind) {
        result.extend([",\"_meta\":", &meta.to_string()]);
    }
    result.push('}');
    Ok(answered(received, &result))
}

fn meta(received: &Received<'_>, view: &View, kind: Kind) -> Option<Value> {
    let upstreams = match received.endpoint {
        // What a bundle would have of an upstream that is not known, nobody knows.
        Endpoint::Bundle(_) => &[],
        Endpoint::Everything | Endpoint::One(_) => route::upstreams(view, &received.endpoint),
    };
    let missing: Vec<_> = upstreams
        .iter()
        .filter_map(|upstream| Some((upstream, lack(upstream, kind)?)))
        .filter(|(upstream, _)| reachable(view, &received.principal, upstream))
        .map(|(upstream, reason)| json!({"upstream": upstream.name(), "reason": reason}))
        .collect();
    let mut meta = json!({});
    if received.era == Era::Modern {
        meta[META_SERVER_INFO] = server_info(view, &received.endpoint);
    }
    if !missing.is_empty() {
        meta[META_MISSING] = missing.into();
    }
    meta.as_object()
        .is_some_and(|meta| !meta.is_empty())
        .then_some(meta)
}

/// Why a list may not be all that an upstream has. What exactly is wrong is for operators; it may name
/// files and programs.
fn lack(upstream: &UpstreamView, kind: Kind) -> Option<&'static str> {
    if upstream.capabilities.is_none() {
        return Some(match upstream.pool.problem() {
            Some(_) => "it cannot be reached",
            None => "what it offers is not known yet",
        });
    }
    let unlisted = upstream.pool.unlisted.has(kind);
    unlisted.then_some("its list could not be read; what is here was known before")
}
