//! `/settings`: whether all of it works, and how this dashboard runs. No secrets, and none can come here: the
//! web role has none of them.

use super::upstreams::Health;
use crate::{
    Site,
    components::{
        content::{PageHead, Panel},
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
    },
    config::Config,
    load::load,
    render,
    visitor::Overseer,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;
use std::{sync::Arc, time::Duration};

/// What was found out for this page.
struct Found {
    /// How long control took.
    took: Duration,
    upstreams: Vec<v1::Upstream>,
}

pub(crate) async fn show(State(site): State<Site>, Overseer(visitor): Overseer) -> Response {
    let config = Arc::clone(&site.config);
    let mut upstreams = visitor.control.upstreams();
    let began = clock::instant();
    let listing = async { upstreams.list_upstreams(v1::ListUpstreamsRequest {}).await };
    match load(listing).await {
        Ok(listed) => {
            let found = Found {
                took: clock::instant() - began,
                upstreams: listed.into_inner().upstreams,
            };
            render::page_of(
                &visitor,
                StatusCode::OK,
                || view! { <Settings config found/> },
            )
        }
        Err(failure) => failure.show(&visitor),
    }
}

#[component]
fn Working(found: Found) -> impl IntoView {
    let took = u64::try_from(found.took.as_micros()).unwrap_or(u64::MAX);
    let upstreams = Health::ALL.map(|state| {
        let of_state = found
            .upstreams
            .iter()
            .filter(|one| Health::of(one) == state);
        let count = number::count(of_state.count() as u64);
        let href = format!("/upstreams?state={}", state.name());
        view! { <dt><a href=href>{format!("Upstreams: {}", state.said())}</a></dt><dd>{count}</dd> }
    });
    let upstreams = upstreams.collect_view();
    view! {
        <Panel title="Health" note="As control knows it now">
            <dl class="facts">
                <dt>"Control"</dt>
                <dd>{format!("answered in {}", number::duration(took))}</dd>
                {upstreams}
            </dl>
        </Panel>
    }
}

#[component]
fn Settings(config: Arc<Config>, found: Found) -> impl IntoView {
    let rows = [
        ("Version", env!("CARGO_PKG_VERSION").to_owned(), ""),
        ("MCP endpoint", config.mcp_url.clone(), "--mcp-url"),
        ("Dashboard", config.web_url.clone(), "--web-url"),
        (
            "Signed in without use for at most",
            span(config.session_idle),
            "--session-idle",
        ),
        (
            "Signed in for at most",
            span(config.session_max),
            "--session-max",
        ),
        (
            "Provider asked again after",
            span(config.recheck),
            "--oidc-recheck-min",
        ),
    ];
    let providers = config.providers.iter().map(|provider| {
        let issuer = provider.issuer.clone();
        (provider.label().to_owned(), issuer, "[[oidc]]")
    });
    let rows = rows.map(|(name, value, flag)| (name.to_owned(), value, flag));
    let rows: Vec<_> = rows.into_iter().chain(providers).collect();
    let rows = rows.into_iter().map(|(name, value, flag)| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <Cell label="Value">{value}</Cell>
                <Cell label="Set with"><code>{flag}</code></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Settings" section=Section::Settings>
            <PageHead title="Settings" lead="How this dashboard runs. No secret can come here: this role has none."/>
            <Working found=found/>
            <div class="panel">
                <Table
                    caption="Settings of the dashboard"
                    quiet=true
                    columns=vec!["Setting", "Value", "Set with"]
                >
                    {rows}
                </Table>
            </div>
        </Shell>
    }
}

/// In the largest unit that leaves nothing over.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds > 0 && seconds.is_multiple_of(length) {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}
