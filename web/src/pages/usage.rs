//! `/usage`: what the keys of whoever looks did, by day, tool, upstream and key, and every call.

mod calls;
mod course;
mod csv;
mod outcome;

pub(crate) use calls::{CallRow, Calls};
pub(crate) use course::{Course, last_days, since};
pub(crate) use outcome::{OutcomeBadge, OutcomeRows, said};

use crate::{
    Site,
    components::{
        chart::Bars,
        content::{Empty, PageHead, Panel},
        form::{Posted, SelectField, TextField},
        number,
        shell::{Section, Shell},
        table::{Cell, Pages, Table, encoded},
    },
    load::{Failure, load},
    render,
    visitor::Visitor,
};
use axum::{Router, extract::Query, response::Response, routing::get};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::{clock, usage::Outcome};
use ostia_proto::v1;
use serde::Deserialize;
use tonic::Status;

const CALLS: u32 = 50;
/// To choose from.
const MAX_KEYS: u32 = 500;
/// Of a breakdown.
const ROWS: usize = 12;
const SPANS: [(i64, &str); 4] = [
    (1, "today"),
    (7, "7 days"),
    (30, "30 days"),
    (90, "90 days"),
];
const DEFAULT_SPAN: i64 = 30;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/usage", get(show))
        .route("/usage.csv", get(csv::download))
}

/// What is in the address; everything that is empty narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    days: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    upstream: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    cursor: String,
}

impl Asked {
    fn days(&self) -> i64 {
        let known = SPANS.iter().map(|(days, _)| *days);
        let asked = self.days.parse().ok();
        asked
            .filter(|days| known.clone().any(|known| known == *days))
            .unwrap_or(DEFAULT_SPAN)
    }

    fn from(&self) -> prost_types::Timestamp {
        last_days(clock::now(), self.days())
    }

    /// The same address, without a cursor.
    fn query(&self) -> String {
        let days = self.days().to_string();
        let parts = [
            ("days", &days),
            ("key", &self.key),
            ("upstream", &self.upstream),
            ("tool", &self.tool),
            ("outcome", &self.outcome),
        ];
        let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<_> = parts
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        parts.join("&")
    }
}

pub(crate) fn unless_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

struct Found {
    days: Vec<v1::UsageSummary>,
    tools: Vec<v1::UsageSummary>,
    upstreams: Vec<v1::UsageSummary>,
    keys: Vec<v1::UsageSummary>,
    outcomes: Vec<v1::UsageSummary>,
    own_keys: Vec<v1::Key>,
    calls: v1::ListUsageResponse,
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let mut asked = asked;
    let mut found = load(loaded(&visitor, &asked)).await;
    // A key that was deleted since its calls were looked at.
    let gone = matches!(found, Err(Failure::NotThere)) && !asked.key.is_empty();
    if gone {
        asked.key.clear();
        found = load(loaded(&visitor, &asked)).await;
    }
    let status = if gone {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    match found {
        Ok(found) => render::page_of(&visitor, status, || {
            view! { <Usage asked=asked gone=gone found=found/> }
        }),
        Err(failure) => failure.show(&visitor),
    }
}

async fn loaded(visitor: &Visitor, asked: &Asked) -> Result<Found, Status> {
    let user = visitor.id.to_string();
    let summary = |group_by: Option<v1::Dimension>, bucket: v1::Bucket| {
        visitor.sums(v1::SummarizeUsageRequest {
            key: unless_empty(&asked.key),
            user: Some(user.clone()),
            upstream: unless_empty(&asked.upstream),
            tool: unless_empty(&asked.tool),
            outcome: unless_empty(&asked.outcome),
            from: Some(asked.from()),
            to: None,
            bucket: bucket.into(),
            group_by: group_by.into_iter().map(Into::into).collect(),
            top: None,
        })
    };
    let calls = async {
        let request = list_request(visitor, asked, CALLS);
        Ok(visitor
            .control
            .usage()
            .list_usage(request)
            .await?
            .into_inner())
    };
    let (days, tools, upstreams, keys, outcomes, own_keys, calls) = tokio::try_join!(
        summary(None, v1::Bucket::Day),
        summary(Some(v1::Dimension::Tool), v1::Bucket::Unspecified),
        summary(Some(v1::Dimension::Upstream), v1::Bucket::Unspecified),
        summary(Some(v1::Dimension::Key), v1::Bucket::Unspecified),
        summary(Some(v1::Dimension::Outcome), v1::Bucket::Unspecified),
        visitor.own_keys(MAX_KEYS, ""),
        calls
    )?;
    let own_keys = own_keys.keys;
    Ok(Found {
        days,
        tools,
        upstreams,
        keys,
        outcomes,
        own_keys,
        calls,
    })
}

fn list_request(visitor: &Visitor, asked: &Asked, page_size: u32) -> v1::ListUsageRequest {
    v1::ListUsageRequest {
        key: unless_empty(&asked.key),
        upstream: unless_empty(&asked.upstream),
        page_size,
        page_token: asked.cursor.clone(),
        user: Some(visitor.id.to_string()),
        tool: unless_empty(&asked.tool),
        outcome: unless_empty(&asked.outcome),
        from: Some(asked.from()),
        to: None,
        after: None,
    }
}

#[component]
fn Usage(asked: Asked, gone: bool, found: Found) -> impl IntoView {
    let bars = Course::days(clock::now(), asked.days())
        .of(found.days.iter())
        .bars();
    let calls: u64 = found.days.iter().map(|row| row.calls).sum();
    let errors: u64 = found.days.iter().map(|row| row.errors).sum();
    let micros: u64 = found.days.iter().map(|row| row.duration_us).sum();
    let csv = format!("/usage.csv?{}", asked.query());
    let list = format!("/usage?{}", asked.query());
    let later = !asked.cursor.is_empty();
    let nothing = calls == 0 && found.calls.records.is_empty();
    view! {
        <Shell title="Usage" section=Section::Usage>
            <PageHead title="Usage" lead="What your keys did. Times and days are UTC.">
                <a class="button second" href=csv>"Download CSV"</a>
            </PageHead>
            <Filters asked=asked gone=gone keys=found.own_keys/>
            {if nothing {
                view! {
                    <Empty title="No calls here">
                        <p>"Nothing that your keys did matches this. Try a longer time, or connect a client first."</p>
                        <a class="button second" href="/">"Connect a client"</a>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <dl class="figures">
                        <div><dt>"Calls"</dt><dd>{number::count(calls)}</dd></div>
                        <div>
                            <dt>"Refused or failed"</dt>
                            <dd>{number::count(errors)}</dd>
                            <dd class="hint">{format!("{} %", number::percent(errors, calls))}</dd>
                        </div>
                        <div>
                            <dt>"Took on average"</dt>
                            <dd>{number::duration(micros.checked_div(calls).unwrap_or(0))}</dd>
                        </div>
                    </dl>
                    <Panel title="By day"><Bars id="days" title="Calls by day" bars=bars/></Panel>
                    <div class="grid">
                        <Panel title="By tool">
                            <Breakdown caption="Calls by tool" column="Tool" rows=found.tools by=v1::Dimension::Tool/>
                        </Panel>
                        <Panel title="By upstream">
                            <Breakdown
                                caption="Calls by upstream"
                                column="Upstream"
                                rows=found.upstreams
                                by=v1::Dimension::Upstream
                            />
                        </Panel>
                        <Panel title="By key">
                            <Breakdown caption="Calls by key" column="Key" rows=found.keys by=v1::Dimension::Key/>
                        </Panel>
                        <Panel title="How calls ended"><OutcomeRows rows=found.outcomes/></Panel>
                    </div>
                    <Panel title="Every call" note="Newest first">
                        <Calls of=found.calls.records whose=false/>
                        <Pages list=list later=later next=found.calls.next_page_token/>
                    </Panel>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn Filters(asked: Asked, gone: bool, keys: Vec<v1::Key>) -> impl IntoView {
    let mut posted = Posted::default();
    posted.push("days", asked.days().to_string());
    posted.push("key", asked.key);
    posted.push("upstream", asked.upstream);
    posted.push("tool", asked.tool);
    posted.push("outcome", asked.outcome);
    if gone {
        posted.refuse("key", "there is no such key; these are the calls of all");
    }
    let option = |value: &str, said: &str| (value.to_owned(), said.to_owned());
    let days = SPANS
        .iter()
        .map(|(days, said)| option(&days.to_string(), said));
    let all = std::iter::once(option("", "all"));
    let keys = all
        .clone()
        .chain(keys.iter().map(|key| option(&key.id, &key.name)));
    let outcomes = Outcome::ALL
        .iter()
        .map(|outcome| option(outcome.as_str(), said(outcome.as_str())));
    view! {
        <form method="get" action="/usage" class="filters" role="search">
            <SelectField posted=posted.clone() name="days" label="Time" options=days.collect()/>
            <SelectField posted=posted.clone() name="key" label="Key" options=keys.collect()/>
            <TextField posted=posted.clone() name="upstream" label="Upstream"/>
            <TextField posted=posted.clone() name="tool" label="Tool" placeholder="upstream.tool"/>
            <SelectField posted=posted name="outcome" label="Ended" options=all.chain(outcomes).collect()/>
            <button type="submit" class="second">"Show"</button>
        </form>
    }
}

/// Sums by what they have in common, the most calls first.
#[component]
pub(crate) fn Breakdown(
    caption: &'static str,
    column: &'static str,
    rows: Vec<v1::UsageSummary>,
    by: v1::Dimension,
) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="quiet">"No calls yet."</p> }.into_any();
    }
    let more = rows.len().saturating_sub(ROWS);
    let rows = rows.into_iter().take(ROWS).map(|row| {
        let name = match by {
            v1::Dimension::Key if row.key_name.is_empty() => "a key that is deleted".to_owned(),
            v1::Dimension::Key => row.key_name.clone(),
            _ if row.upstream.is_empty() => "names that belong to no upstream".to_owned(),
            v1::Dimension::Upstream => row.upstream.clone(),
            _ => format!("{}.{}", row.upstream, row.tool),
        };
        let average = row.duration_us.checked_div(row.calls).unwrap_or(0);
        view! {
            <tr>
                <th scope="row">{name}</th>
                <Cell label="Calls" number=true>{number::count(row.calls)}</Cell>
                <Cell label="Failed" number=true>{number::count(row.errors)}</Cell>
                <Cell label="On average" number=true>{number::duration(average)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table
            caption=caption
            quiet=true
            dense=true
            columns=vec![column, "#Calls", "#Failed", "#On average"]
        >
            {rows}
        </Table>
        {(more > 0).then(|| view! { <p class="quiet small">{format!("and {more} more in the CSV")}</p> })}
    }
    .into_any()
}
