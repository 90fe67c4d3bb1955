//! `/settings`: whether all of it works, and what each process runs with. No secrets, and none can come here:
//! processes say which they have, and not what they are.

mod running;

use super::upstreams::Health;
use crate::{
    Site,
    address::Query,
    components::{
        content::{PageHead, Panel},
        number,
        shell::{Section, Shell},
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
use running::{Part, Running};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// What was found out for this page.
struct Found {
    /// How long control took.
    took: Duration,
    upstreams: Vec<v1::Upstream>,
    running: Part,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    cursor: String,
}

pub(crate) async fn show(
    State(site): State<Site>,
    Overseer(visitor): Overseer,
    Query(asked): Query<Asked>,
) -> Response {
    let config = Arc::clone(&site.config);
    let (mut upstreams, mut settings) = (visitor.control.upstreams(), visitor.control.settings());
    let began = clock::instant();
    let listing = async {
        tokio::try_join!(
            upstreams.list_upstreams(v1::ListUpstreamsRequest {}),
            settings.list_processes(v1::ListProcessesRequest {}),
        )
    };
    match load(listing).await {
        Ok((listed, processes)) => {
            let processes = processes.into_inner().processes;
            let found = Found {
                took: clock::instant() - began,
                upstreams: listed.into_inner().upstreams,
                running: Part::of(processes, &config.process, &asked.cursor),
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
fn Working(config: Arc<Config>, found: Found) -> impl IntoView {
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
                <dt>"MCP endpoint"</dt>
                <dd>{config.mcp_url.clone()}</dd>
                <dt>"Dashboard"</dt>
                <dd>{config.web_url.clone()}</dd>
            </dl>
        </Panel>
    }
}

#[component]
fn Settings(config: Arc<Config>, found: Found) -> impl IntoView {
    let running = found.running.clone();
    view! {
        <Shell title="Settings" section=Section::Settings>
            <PageHead
                title="Settings"
                lead="What runs, with what, and where each setting comes from. Of secrets it is only said that they are set."
            />
            <Working config=config found=found/>
            <Running of=running/>
        </Shell>
    }
}
