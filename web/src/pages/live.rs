//! `/live`: calls as they happen. A member sees those of their own keys, everybody else all of them, which is
//! control's to say.
//!
//! The page has the newest calls. Where scripts run, a stream ([`stream`]) adds what comes.

mod asked;
mod stream;

use crate::{
    Site,
    address::Query,
    components::{
        content::{Empty, Notice, PageHead, Tone},
        form::Posted,
        live::Live,
        shell::{Section, Shell},
    },
    load::Failure,
    pages::{audit::refuse_names, usage::Calls},
    render,
    saving::save,
    visitor::Visitor,
};
use asked::{Asked, Filters};
use axum::{Router, response::Response, routing::get};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

/// Calls that the page begins with, and that are looked at for each time the stream says something.
const CALLS: u32 = 100;
/// Rows that the script lets the page grow to.
const MOST_ROWS: usize = 200;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/live", get(show))
        .route("/live/calls", get(stream::follow))
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let mut posted = asked.posted();
    let request = asked.request(CALLS);
    let mut usage = visitor.control.usage();
    // Nothing is saved, but what is refused stands beside its field in the same way.
    let found = match save(&mut posted, async { usage.list_usage(request).await }).await {
        Err(Failure::NotThere) if refuse_names(&mut posted) => None,
        Err(failure) => return failure.show(&visitor),
        Ok(found) => found,
    };
    let status = match found {
        Some(_) => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let calls = found.unwrap_or_default().records;
    let oversees = visitor.oversees();
    render::following_page_of(&visitor, status, || {
        view! { <Page asked=asked posted=posted calls=calls oversees=oversees/> }
    })
}

#[component]
fn Page(
    asked: Asked,
    posted: Posted,
    calls: Vec<v1::UsageRecord>,
    oversees: bool,
) -> impl IntoView {
    let lead = if oversees {
        "Calls of everybody in the last hour, as they end. Times are UTC."
    } else {
        "Calls of your keys in the last hour, as they end. Times are UTC."
    };
    let (here, stream) = (asked.address("/live"), asked.address("/live/calls"));
    let refused = posted.is_refused();
    let elsewhere = posted.problem("");
    view! {
        <Shell title="Live" section=Section::Live>
            <PageHead title="Live" lead=lead>
                <a class="button second" href=here>"Refresh"</a>
            </PageHead>
            {refused
                .then(|| {
                    let said = elsewhere.unwrap_or_else(|| "It says beside the field why.".to_owned());
                    view! { <Notice tone=Tone::Bad title="Nothing was looked for"><p>{said}</p></Notice> }
                })}
            <Filters posted=posted oversees=oversees/>
            {(!refused)
                .then(|| {
                    view! {
                        <Live stream=stream rows=MOST_ROWS one="call" many="calls">
                            <Calls of=calls whose=oversees/>
                            <Empty title="No calls in the last hour">
                                <p>"Nothing that matches was called. What was before is in the usage."</p>
                                <a class="button second" href="/usage">"Usage"</a>
                            </Empty>
                        </Live>
                    }
                })}
        </Shell>
    }
}
