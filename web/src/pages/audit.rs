//! `/audit`: every decision of an edge and every change in control.

mod arguments;
mod chains;
mod detail;
mod difference;
mod export;
mod filter;

pub(crate) use difference::{Difference, Differences};
pub(crate) use filter::refuse_names;

use super::usage::OutcomeBadge;
use crate::{
    Site,
    address::Query,
    components::{
        content::{Badge, Empty, Notice, PageHead, Tone},
        form::Posted,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    load::Failure,
    render,
    saving::save,
    visitor::{Overseer, Visitor},
};
use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use filter::{Filter, Filters};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

const EVENTS: u32 = 50;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/audit", get(show))
        .route("/audit.csv", get(export::csv))
        .route("/audit.jsonl", get(export::json_lines))
        .route("/audit/chains", get(chains::show).post(chains::verify))
        .route("/audit/{event}", get(detail::show))
        .route("/audit/{event}/arguments", post(arguments::read))
}

async fn show(Overseer(visitor): Overseer, Query(filter): Query<Filter>) -> Response {
    let mut posted = filter.posted();
    let (status, found) = match found(&visitor, &filter, &mut posted).await {
        Ok(Some(found)) => (StatusCode::OK, found),
        Ok(None) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            v1::ListEventsResponse::default(),
        ),
        Err(failure) => return failure.show(&visitor),
    };
    render::page_of(&visitor, status, || {
        view! { <List filter=filter posted=posted found=found/> }
    })
}

/// `None`: there can be no such events, and why is in `posted`.
async fn found(
    visitor: &Visitor,
    filter: &Filter,
    posted: &mut Posted,
) -> Result<Option<v1::ListEventsResponse>, Failure> {
    let Some(narrowed) = filter::request(posted) else {
        return Ok(None);
    };
    let request = v1::ListEventsRequest {
        page_size: EVENTS,
        page_token: filter.cursor.clone(),
        ..narrowed
    };
    let mut audit = visitor.control.audit();
    // Nothing is saved, but what is refused stands beside its field in the same way.
    match save(posted, async { audit.list_events(request).await }).await {
        Err(Failure::NotThere) if refuse_names(posted) => Ok(None),
        found => found,
    }
}

#[component]
fn List(filter: Filter, posted: Posted, found: v1::ListEventsResponse) -> impl IntoView {
    let query = filter.query();
    let (list, later) = (format!("/audit?{query}"), !filter.cursor.is_empty());
    let (csv, json_lines) = (
        format!("/audit.csv?{query}"),
        format!("/audit.jsonl?{query}"),
    );
    let refused = posted.is_refused();
    let elsewhere = posted.problem("page_token").or_else(|| posted.problem(""));
    let empty = found.events.is_empty();
    let rows = found
        .events
        .into_iter()
        .map(|event| view! { <Row event=event/> });
    let rows = rows.collect_view();
    view! {
        <Shell title="Audit" section=Section::Audit>
            <PageHead
                title="Audit"
                lead="Every decision of an edge and every change in control, newest first. Times are UTC."
            >
                <a class="button second" href="/audit/chains">"Verify the chains"</a>
                {(!refused)
                    .then(|| {
                        view! {
                            <a class="button second" href=csv>"Download CSV"</a>
                            <a class="button second" href=json_lines>"Download JSONL"</a>
                        }
                    })}
            </PageHead>
            {refused
                .then(|| {
                    let said = elsewhere.unwrap_or_else(|| "It says beside the field why.".to_owned());
                    view! { <Notice tone=Tone::Bad title="Nothing was looked for"><p>{said}</p></Notice> }
                })}
            <Filters posted=posted/>
            {(empty && !refused)
                .then(|| {
                    view! {
                        <Empty title="No such events">
                            <p>"Nothing that is still kept matches this. Try fewer filters, or a longer time."</p>
                            <a class="button second" href="/audit">"Show all"</a>
                        </Empty>
                    }
                })}
            {(!empty)
                .then(|| {
                    view! {
                        <div class="panel">
                            <Table
                                caption="Events, newest first"
                                quiet=true
                                dense=true
                                columns=vec!["Time", "Who", "Action", "Of what", "Ended", "From"]
                            >
                                {rows}
                            </Table>
                        </div>
                    }
                })}
            <Pages list=list later=later next=found.next_page_token/>
        </Shell>
    }
}

#[component]
fn Row(event: v1::AuditEvent) -> impl IntoView {
    let (href, request) = (format!("/audit/{}", event.id), is_request(&event));
    view! {
        <tr>
            <th scope="row"><a href=href><Time at=event.at shown=As::Second/></a></th>
            <Cell label="Who">{event.actor}</Cell>
            <Cell label="Action"><code>{event.action}</code></Cell>
            <Cell label="Of what"><code>{event.target}</code></Cell>
            <Cell label="Ended"><Ended request=request outcome=event.outcome/></Cell>
            <Cell label="From">{event.remote_address}</Cell>
        </tr>
    }
}

/// Whether an edge decided it. By its name nobody could tell: `ping` and `POST` are requests too.
fn is_request(event: &v1::AuditEvent) -> bool {
    event.kind == "calls"
}

/// How a request ended. A change that is there was made, unless it says that somebody was refused.
#[component]
fn Ended(request: bool, outcome: String) -> impl IntoView {
    if request || outcome != "ok" {
        view! { <OutcomeBadge outcome=outcome/> }.into_any()
    } else {
        view! { <Badge tone=Tone::Plain text="Changed"/> }.into_any()
    }
}
