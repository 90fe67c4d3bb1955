//! `/upstreams`: the MCP servers behind Ostia.

mod create;
mod detail;
mod edit;
mod enable;
mod facts;
mod fields;
mod form;
mod health;
mod import;
mod lately;
mod output;
mod probe;
mod reported;
mod running;
mod tools;

use super::Done;
use crate::{
    Site,
    address::Query,
    components::{
        content::{Empty, PageHead},
        form::{Posted, SelectField, TextField},
        shell::{Section, Shell},
        table::{Cell, Pages, Table, encoded},
        time::{As, Time},
    },
    load::load,
    part::Part,
    render,
    visitor::Overseer,
};
use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
pub(crate) use health::Health;
use health::{HealthBadge, said};
use http::StatusCode;
use lately::{Lately, Recent, RecentCell, lately};
use leptos::prelude::*;
use ostia_domain::{clock, upstream::Stage};
use ostia_proto::v1::{self, upstream_definition::Transport};
use prost_types::Timestamp;
pub(crate) use running::{Sum, pools};
use serde::Deserialize;
use std::collections::HashMap;

const BACK: (&str, &str) = ("/upstreams", "Upstreams");

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/upstreams", get(show))
        .route("/upstreams/new", get(create::show).post(create::create))
        .route("/upstreams/import", get(import::show).post(import::import))
        .route("/upstreams/{upstream}", get(detail::show))
        .route(
            "/upstreams/{upstream}/edit",
            get(edit::show).post(edit::save),
        )
        .route("/upstreams/{upstream}/output", get(output::show))
        .route("/upstreams/{upstream}/output/lines", get(output::follow))
        .route("/upstreams/{upstream}/discover", post(detail::discover))
        .route("/upstreams/{upstream}/enable", post(enable::enable))
        .route("/upstreams/{upstream}/disable", post(enable::disable))
        .route("/upstreams/{upstream}/remove", post(detail::remove))
}

#[derive(Deserialize)]
struct Asked {
    /// What a name, command or address has in it.
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    done: String,
}

impl Asked {
    fn address(&self) -> String {
        format!(
            "/upstreams?q={}&state={}",
            encoded(&self.q),
            encoded(&self.state)
        )
    }

    fn wants(&self, upstream: &v1::Upstream) -> bool {
        let state = Health::parse(&self.state);
        let text = format!("{} {}", name(upstream), target(upstream)).to_lowercase();
        state.is_none_or(|state| state == Health::of(upstream))
            && text.contains(&self.q.to_lowercase())
    }
}

async fn show(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut upstreams = visitor.control.upstreams();
    let loading = async {
        tokio::try_join!(
            upstreams.list_upstreams(v1::ListUpstreamsRequest {}),
            pools(&visitor, None),
            lately(&visitor, None, clock::now()),
        )
    };
    let (mut listed, running, lately) = match load(loading).await {
        Ok((listed, pools, lately)) => (
            listed.into_inner().upstreams,
            Sum::by_upstream(&pools),
            lately,
        ),
        Err(failure) => return failure.show(&visitor),
    };
    listed.retain(|upstream| asked.wants(upstream));
    let part = Part::of(listed, &asked.cursor, name);
    let may_change = visitor.operates();
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List part=part running=running lately=lately asked=asked may_change=may_change/> }
    })
}

fn name(upstream: &v1::Upstream) -> &str {
    let definition = upstream.definition.as_ref();
    definition.map_or("", |definition| &definition.name)
}

/// What it is reached over.
fn transport(upstream: &v1::Upstream) -> &'static str {
    let definition = upstream.definition.as_ref();
    match definition.and_then(|definition| definition.transport.as_ref()) {
        Some(Transport::Stdio(_)) => "stdio",
        Some(Transport::Http(_)) => "Streamable HTTP",
        Some(Transport::Sse(_)) => "HTTP+SSE",
        None => "unknown",
    }
}

/// Its command or its address.
fn target(upstream: &v1::Upstream) -> String {
    let definition = upstream.definition.as_ref();
    match definition.and_then(|definition| definition.transport.as_ref()) {
        Some(Transport::Stdio(command)) => {
            let words = std::iter::once(&command.program).chain(&command.args);
            words.map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Some(Transport::Http(endpoint) | Transport::Sse(endpoint)) => endpoint.url.clone(),
        None => String::new(),
    }
}

fn era(upstream: &v1::Upstream) -> &'static str {
    let found = upstream.catalogue.as_ref();
    match found.map_or(v1::Era::Unspecified, v1::CatalogueSummary::era) {
        v1::Era::Legacy => "legacy",
        v1::Era::Modern => "modern",
        v1::Era::Unspecified => "not known yet",
    }
}

/// What each worker or connection is for.
fn isolation(upstream: &v1::Upstream) -> &'static str {
    let definition = upstream.definition.as_ref();
    match definition.map(v1::UpstreamDefinition::isolation) {
        Some(v1::Isolation::Key) => "one key",
        Some(v1::Isolation::Session) => "one MCP session",
        _ => "everybody",
    }
}

#[component]
fn List(
    part: Part<v1::Upstream>,
    running: HashMap<String, Sum>,
    lately: Lately,
    asked: Asked,
    may_change: bool,
) -> impl IntoView {
    let mut posted = Posted::default();
    posted.push("q", &asked.q);
    posted.push("state", &asked.state);
    let states = Health::ALL.map(|state| (state.name().to_owned(), state.said().to_owned()));
    let states = std::iter::once((String::new(), "all".to_owned())).chain(states);
    let done = (asked.done == "removed")
        .then(|| view! { <Done what="It is removed, and its workers are stopped."/> });
    let empty = part.rows.is_empty();
    let rows = part.rows.into_iter().map(|upstream| {
        let running = running.get(name(&upstream)).copied();
        let recent = lately.of(name(&upstream));
        view! { <Row upstream=upstream running=running recent=recent/> }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Upstreams" section=Section::Upstreams>
            <PageHead
                title="Upstreams"
                lead="The MCP servers behind Ostia: commands that it starts, and servers that run elsewhere."
            >
                {may_change
                    .then(|| {
                        view! {
                            <a class="button second" href="/upstreams/import">"Paste a client's file"</a>
                            <a class="button" href="/upstreams/new">"Add an upstream"</a>
                        }
                    })}
            </PageHead>
            {done}
            <form method="get" action="/upstreams" class="filters" role="search">
                <TextField posted=posted.clone() name="q" label="Name, command or address" kind="search"/>
                <SelectField posted=posted name="state" label="State" options=states.collect()/>
                <button type="submit" class="second">"Show"</button>
            </form>
            {if empty {
                view! {
                    <Empty title="There are no such upstreams">
                        <p>
                            "Operators add one with a form, from the file of a client that has it, or with "
                            <code>"ostia upstreams add"</code> "."
                        </p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table
                            caption="Upstreams by name"
                            quiet=true
                            columns=vec![
                                "Upstream",
                                "State",
                                "Reached over",
                                "Speaks",
                                "#Tools",
                                "#Workers",
                                "#Calls now",
                                "#Last hour",
                                "#24 hours",
                                "Listed",
                            ]
                        >
                            {rows}
                        </Table>
                        <Pages list=asked.address() later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

/// At which stage, since when, and why.
#[component]
pub(crate) fn Failing(
    problem: String,
    stage: Option<Stage>,
    since: Option<Timestamp>,
) -> impl IntoView {
    let since = since.map(|since| {
        view! { " since " <Time at=Some(since) shown=As::Minute/> }
    });
    let stage =
        stage.map(|stage| view! { <strong>"Fails at " {said(stage)}</strong> {since} ": " });
    view! { <div class="quiet small">{stage} {problem}</div> }
}

#[component]
fn Row(upstream: v1::Upstream, running: Option<Sum>, recent: [Option<Recent>; 2]) -> impl IntoView {
    let [hour, day] = recent;
    let (transport, target) = (transport(&upstream), target(&upstream));
    let era = era(&upstream);
    let health = Health::of(&upstream);
    let stage = upstream.problem_stage().known();
    let failing = upstream.problem.map(|problem| {
        view! { <Failing problem=problem stage=stage since=upstream.problem_since/> }
    });
    let found = upstream.catalogue;
    let tools = found.as_ref().map(|found| found.tools);
    let listed = found.and_then(|found| found.discovered_at);
    let name = upstream.definition.map(|definition| definition.name);
    view! {
        <tr>
            <th scope="row">
                <a class="first" href=format!("/upstreams/{}", upstream.id)>{name}</a>
            </th>
            <Cell label="State">
                <HealthBadge of=health/>
                {failing}
            </Cell>
            <Cell label="Reached over">
                {transport}
                <div class="quiet small clip">{target}</div>
            </Cell>
            <Cell label="Speaks">{era}</Cell>
            <Cell label="Tools" number=true>{tools}</Cell>
            <Cell label="Workers" number=true>{running.map(Sum::said)}</Cell>
            <Cell label="Calls now" number=true>
                {running.map(|sum| sum.in_flight)}
                {running
                    .filter(|sum| sum.queued > 0)
                    .map(|sum| view! { <div class="quiet small">{sum.queued} " waiting"</div> })}
            </Cell>
            <RecentCell label="Last hour" of=hour/>
            <RecentCell label="24 hours" of=day/>
            <Cell label="Listed"><Time at=listed shown=As::Distance/></Cell>
        </tr>
    }
}
