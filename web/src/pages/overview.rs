//! `/overview`: how the whole installation does: calls, errors, durations, and upstreams with problems.

mod quantile;
mod running;
mod span;
mod trouble;

use super::{
    upstreams::{Sum, pools},
    usage::{Breakdown, OutcomeRows, TooMany},
};
use crate::{
    Site,
    address::Query,
    components::{
        chart::Bars,
        content::{PageHead, Panel},
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time, timestamp},
    },
    load::load,
    render,
    visitor::{Overseer, Visitor},
};
use axum::{Router, response::Response, routing::get};
use chrono::{DateTime, Utc};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;
pub(crate) use quantile::Quantile;
use running::Running;
use serde::Deserialize;
pub(crate) use span::Span;
use tonic::Status;
pub(crate) use trouble::ITS_FAULT;
use trouble::{Trouble, Troubles, troubles, unreachable};

/// Of what is ranked.
const TOP: u32 = 10;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/overview", get(show))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    span: String,
}

struct Found {
    /// Of all calls together.
    all: v1::UsageSummary,
    bounds: Vec<u64>,
    course: Vec<v1::UsageSummary>,
    tools: Option<Vec<v1::UsageSummary>>,
    keys: Option<Vec<v1::UsageSummary>>,
    outcomes: Vec<v1::UsageSummary>,
    upstreams: u64,
    troubles: Vec<Trouble>,
    running: Sum,
}

async fn show(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let (span, now) = (Span::parse(&asked.span), clock::now());
    match load(loaded(&visitor, span, now)).await {
        Ok(found) => render::page_of(&visitor, StatusCode::OK, || {
            view! { <Overview span=span now=now found=found/> }
        }),
        Err(failure) => failure.show(&visitor),
    }
}

async fn loaded(visitor: &Visitor, span: Span, now: DateTime<Utc>) -> Result<Found, Status> {
    let sums = |group_by: &[v1::Dimension]| v1::SummarizeUsageRequest {
        from: Some(timestamp(span.from(now))),
        group_by: group_by.iter().map(|one| i32::from(*one)).collect(),
        ..v1::SummarizeUsageRequest::default()
    };
    let course = v1::SummarizeUsageRequest {
        from: Some(timestamp(span.charted().from(now))),
        bucket: span.bucket().into(),
        ..v1::SummarizeUsageRequest::default()
    };
    let (mut usage, mut upstreams) = (visitor.control.usage(), visitor.control.upstreams());
    let (all, course, tools, keys, outcomes, failures, upstreams, pools) = tokio::try_join!(
        usage.summarize_usage(sums(&[])),
        visitor.sums(course),
        visitor.top_sums(TOP, sums(&[v1::Dimension::Tool])),
        visitor.top_sums(TOP, sums(&[v1::Dimension::Key, v1::Dimension::User])),
        visitor.sums(sums(&[v1::Dimension::Outcome])),
        visitor.sums(sums(&[v1::Dimension::Upstream, v1::Dimension::Outcome])),
        upstreams.list_upstreams(v1::ListUpstreamsRequest {}),
        pools(visitor, None),
    )?;
    let all = all.into_inner();
    let upstreams = upstreams.into_inner().upstreams;
    Ok(Found {
        all: all.rows.into_iter().next().unwrap_or_default(),
        bounds: all.duration_bounds_us,
        course,
        tools,
        keys,
        outcomes,
        upstreams: upstreams.len() as u64,
        troubles: troubles(upstreams, &failures),
        running: Sum::of(&pools),
    })
}

#[component]
fn Overview(span: Span, now: DateTime<Utc>, found: Found) -> impl IntoView {
    let bars = span.course(now).of(found.course.iter()).bars();
    let (title, each) = match span.charted() {
        Span::Month => ("Calls by day, 30 days", "Day"),
        Span::Hour | Span::Day => ("Calls by hour, 24 hours", "Hour"),
    };
    let spans = Span::ALL.map(|one| {
        let here = one == span;
        view! {
            <a
                class=if here { "button" } else { "button second" }
                href=format!("/overview?span={}", one.name())
                aria-current=here.then_some("page")
            >
                {one.said()}
            </a>
        }
    });
    let spans = spans.into_iter().collect_view();
    let from = Some(timestamp(span.from(now)));
    let troubled = unreachable(&found.troubles);
    view! {
        <Shell title="Overview" section=Section::Overview>
            <PageHead title="Overview" lead="What everybody's keys did, and how the upstreams are.">
                {spans}
            </PageHead>
            <p class="quiet small">"Since " <Time at=from shown=As::Minute/> ": calls are counted by the hour."</p>
            <Figures all=found.all bounds=found.bounds upstreams=found.upstreams troubled=troubled/>
            <Running of=found.running/>
            <Panel title=title><Bars id="course" title="Calls" each=each bars=bars/></Panel>
            <div class="grid">
                <Panel title="Upstreams with problems"><Troubles of=found.troubles/></Panel>
                <Panel title="How calls ended"><OutcomeRows rows=found.outcomes/></Panel>
                <Panel title="Top tools">
                    <Breakdown
                        caption="Tools with the most calls"
                        column="Tool"
                        rows=found.tools
                        by=v1::Dimension::Tool
                    />
                </Panel>
                <Panel title="Top keys"><Keys of=found.keys/></Panel>
            </div>
        </Shell>
    }
}

#[component]
fn Figures(
    all: v1::UsageSummary,
    bounds: Vec<u64>,
    upstreams: u64,
    troubled: u64,
) -> impl IntoView {
    let quantile = |percent| Quantile::of(percent, &all.durations, &bounds).said();
    let (half, half_surely) = quantile(50);
    let (most, most_surely) = quantile(95);
    view! {
        <dl class="figures">
            <div>
                <dt>"Calls"</dt>
                <dd>{number::count(all.calls)}</dd>
                <dd class="hint">{format!("{} answered from the cache", number::count(all.cached))}</dd>
            </div>
            <div>
                <dt>"Refused or failed"</dt>
                <dd>{format!("{} %", number::percent(all.errors, all.calls))}</dd>
                <dd class="hint">{number::counted(all.errors, "call", "calls")}</dd>
            </div>
            <div>
                <dt>"Half took at most (p50)"</dt>
                <dd>{half}</dd>
                <dd class="hint">{half_surely}</dd>
            </div>
            <div>
                <dt>"95 % took at most (p95)"</dt>
                <dd>{most}</dd>
                <dd class="hint">{most_surely}</dd>
            </div>
            <div>
                <dt>"Upstreams with a problem now"</dt>
                <dd>{number::count(troubled)}</dd>
                <dd class="hint">{format!("of {}", number::count(upstreams))}</dd>
            </div>
        </dl>
    }
}

#[component]
fn Keys(of: Option<Vec<v1::UsageSummary>>) -> impl IntoView {
    let Some(rows) = of else {
        return view! { <TooMany/> }.into_any();
    };
    if rows.is_empty() {
        return view! { <p class="quiet">"No calls yet."</p> }.into_any();
    }
    let rows = rows.into_iter().map(|row| {
        let href = format!("/keys/{}", row.key_id);
        let key = match (row.key_id.is_empty(), row.key_name.is_empty()) {
            (true, _) => view! { <span class="quiet">"no key that is known"</span> }.into_any(),
            (_, true) => view! { <span class="quiet">"a key that is deleted"</span> }.into_any(),
            (_, false) => view! { <a href=href>{row.key_name}</a> }.into_any(),
        };
        view! {
            <tr>
                <th scope="row">{key}</th>
                <Cell label="Owner">{row.owner_name}</Cell>
                <Cell label="Calls" number=true>{number::count(row.calls)}</Cell>
                <Cell label="Failed" number=true>{number::count(row.errors)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table
            caption="Keys with the most calls"
            quiet=true
            dense=true
            columns=vec!["Key", "Owner", "#Calls", "#Failed"]
        >
            {rows}
        </Table>
    }
    .into_any()
}
