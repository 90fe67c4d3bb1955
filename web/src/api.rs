//! REST: the services of control for programs that do not speak gRPC.
//!
//! A thin skin. A handler turns JSON into a message of control and its answer into JSON; every rule is
//! control's, which holds each call to the role of the key's owner. What all routes share stands around them,
//! from the outside in: [`frame`] (request id, problems, origins), [`caller`] (who asks),
//! [`idempotency`], [`etag`], [`members`]. So a new route cannot be without.

mod allowances;
mod audit;
mod bundles;
mod caller;
mod etag;
mod explorer;
mod frame;
mod groups;
mod idempotency;
mod keys;
mod me;
mod members;
mod message;
mod openapi;
mod paging;
mod plans;
mod policies;
mod prices;
mod problem;
mod reference;
mod rules;
mod text;
mod tokens;
mod upstreams;
mod usage;
mod users;

pub(crate) use audit::AuditEvent;
pub(crate) use keys::Reports;
pub use usage::{Cost, UsageSummary, UsageSummaryRow};

use crate::Site;
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get},
};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn router(site: &Site) -> Router {
    let (guarded, of_guarded) = guarded().split_for_parts();
    let (open, of_open) = keys::leaked_routes().split_for_parts();
    let mut document = openapi::base();
    document.merge(of_guarded);
    document.merge(of_open);
    let document = Arc::new(openapi::complete(document));
    let reference = Arc::clone(&document);
    let members = Arc::new(members::Members::of(&document));

    let guarded = guarded
        .method_not_allowed_fallback(frame::method_not_allowed)
        .with_state(site.clone())
        .layer(from_fn_with_state(members, members::spell))
        .layer(from_fn(etag::tag))
        .layer(from_fn(etag::require))
        .layer(from_fn_with_state(site.clone(), idempotency::once))
        .layer(from_fn_with_state(site.clone(), caller::admit));
    let open = open
        .route(
            "/api/openapi.json",
            get(async move || openapi::serve(&document)),
        )
        .route(explorer::EXPLORER, get(explorer::show))
        .route(
            reference::REFERENCE,
            get(async move || reference::show(&reference)),
        )
        .method_not_allowed_fallback(frame::method_not_allowed)
        .route("/api", any(frame::not_found))
        .route("/api/{*path}", any(frame::not_found))
        .route("/v1", any(frame::not_found))
        .route("/v1/{*path}", any(frame::not_found))
        .with_state(site.clone());
    guarded
        .merge(open)
        .layer(from_fn_with_state(site.clone(), frame::frame))
}

/// Everything that takes a credential.
fn guarded() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .merge(me::routes())
        .merge(keys::routes())
        .merge(tokens::routes())
        .merge(prices::routes())
        .merge(upstreams::routes())
        .merge(policies::routes())
        .merge(bundles::routes())
        .merge(plans::routes())
        .merge(users::routes())
        .merge(groups::routes())
        .merge(usage::routes())
        .merge(audit::routes())
}
