//! Whether an upstream is served.

use super::detail::done;
use crate::{
    address::Path,
    csrf::{Checked, CsrfField},
    load::load,
    visitor::Operator,
};
use axum::response::Response;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn enable(
    Path(upstream): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut upstreams = visitor.control.upstreams();
    let request = v1::EnableUpstreamRequest {
        upstream: upstream.clone(),
    };
    match load(async { upstreams.enable_upstream(request).await }).await {
        Ok(_) => done(&upstream, "enabled"),
        Err(failure) => failure.show(&visitor),
    }
}

pub(super) async fn disable(
    Path(upstream): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut upstreams = visitor.control.upstreams();
    let request = v1::DisableUpstreamRequest {
        upstream: upstream.clone(),
    };
    match load(async { upstreams.disable_upstream(request).await }).await {
        Ok(_) => done(&upstream, "disabled"),
        Err(failure) => failure.show(&visitor),
    }
}

#[component]
pub(super) fn EnableButton(id: String, enabled: bool) -> impl IntoView {
    let (verb, said) = if enabled {
        ("disable", "Turn it off")
    } else {
        ("enable", "Turn it on")
    };
    view! {
        <form method="post" action=format!("/upstreams/{id}/{verb}")>
            <CsrfField/>
            <button type="submit" class="second">{said}</button>
        </form>
    }
}
