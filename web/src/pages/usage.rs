//! `/usage`: what the keys of whoever looks did, and for those who see everything what everybody's did: by day,
//! tool, upstream, user and key, what it cost, and every call.

mod asked;
mod breakdown;
mod calls;
mod course;
mod csv;
mod outcome;
mod sums;
mod view;

pub(crate) use asked::unless_empty;
pub(crate) use breakdown::{Breakdown, TooMany};
pub(crate) use calls::{CallRow, Calls};
pub(crate) use course::{Course, last_days, since};
pub(crate) use outcome::{OutcomeBadge, OutcomeRows, said};

use crate::{
    Site,
    address::Query,
    ask::unless_too_many,
    components::{
        content::PageHead,
        form::Posted,
        shell::{Section, Shell},
    },
    load::{Failure, load},
    pages::not_found,
    render,
    visitor::Visitor,
};
use asked::{Asked, Filters};
use axum::{Router, response::Response, routing::get};
use breakdown::ROWS;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;
use view::{Nothing, Sums};

const CALLS: u32 = 50;
/// To choose from.
const MAX_KEYS: u32 = 500;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/usage", get(show))
        .route("/usage.csv", get(csv::download))
}

struct Found {
    /// Of all calls together.
    all: v1::UsageSummary,
    /// As [`Visitor::top_sums`] has it, and so are the following.
    days: Option<Vec<v1::UsageSummary>>,
    tools: Option<Vec<v1::UsageSummary>>,
    upstreams: Option<Vec<v1::UsageSummary>>,
    keys: Option<Vec<v1::UsageSummary>>,
    /// Where calls are everybody's.
    users: Option<Vec<v1::UsageSummary>>,
    outcomes: Vec<v1::UsageSummary>,
    own_keys: Vec<v1::Key>,
    /// Unset: they are found in audit, as [`Asked::in_audit`] says.
    calls: Option<v1::ListUsageResponse>,
}

async fn show(visitor: Visitor, Query(mut asked): Query<Asked>) -> Response {
    if !asked.is_for(&visitor) {
        return not_found::of(&visitor);
    }
    let mut found = load(loaded(&visitor, &asked)).await;
    let mut posted = asked.posted();
    if matches!(found, Err(Failure::NotThere)) {
        (found, asked) = without_what_is_gone(&visitor, asked, &mut posted).await;
    }
    let status = if posted.is_refused() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let oversees = visitor.oversees();
    match found {
        Ok(found) => render::page_of(&visitor, status, || {
            view! { <Usage asked=asked posted=posted oversees=oversees found=found/> }
        }),
        Err(failure) => failure.show(&visitor),
    }
}

/// A key or user that was deleted since their calls were looked at, or was never there: it is said beside its
/// field, and the page shows the calls that the rest leaves.
async fn without_what_is_gone(
    visitor: &Visitor,
    asked: Asked,
    posted: &mut Posted,
) -> (Result<Found, Failure>, Asked) {
    for (key, user) in [(true, false), (false, true), (true, true)] {
        let mut less = asked.clone();
        for (gone, field) in [(key, &mut less.key), (user, &mut less.user)] {
            if gone {
                field.clear();
            }
        }
        let found = load(loaded(visitor, &less)).await;
        if matches!(found, Err(Failure::NotThere)) {
            continue;
        }
        if key && !asked.key.is_empty() {
            posted.refuse("key", "there is no such key; these are the calls of all");
        }
        if user && !asked.user.is_empty() {
            posted.refuse("user", "there is no such user; these are the calls of all");
        }
        return (found, less);
    }
    (Err(Failure::NotThere), asked)
}

async fn loaded(visitor: &Visitor, asked: &Asked) -> Result<Found, Status> {
    let sum = |group_by: &[v1::Dimension]| v1::SummarizeUsageRequest {
        group_by: group_by.iter().map(|one| i32::from(*one)).collect(),
        ..asked.sum(visitor)
    };
    // One more than is shown says whether there are more.
    let top = |group_by: &[v1::Dimension]| visitor.top_sums(ROWS + 1, sum(group_by));
    let days = async {
        let days = v1::SummarizeUsageRequest {
            bucket: v1::Bucket::Day.into(),
            ..sum(&[])
        };
        unless_too_many(visitor.sums(days).await)
    };
    let of_users = async {
        if asked.of_everybody() {
            let of_keys = [v1::Dimension::Key, v1::Dimension::User];
            tokio::try_join!(top(&of_keys), top(&[v1::Dimension::User]))
        } else {
            Ok((top(&[v1::Dimension::Key]).await?, None))
        }
    };
    let own_keys = async {
        if asked.of_everybody() {
            return Ok(Vec::new());
        }
        Ok(visitor.own_keys(MAX_KEYS, "").await?.keys)
    };
    let calls = async {
        if asked.in_audit().is_some() {
            return Ok(None);
        }
        let request = asked.calls(visitor, CALLS);
        let calls = visitor.control.usage().list_usage(request).await?;
        Ok(Some(calls.into_inner()))
    };
    let (all, days, tools, upstreams, of_users, outcomes, own_keys, calls) = tokio::try_join!(
        visitor.sums(sum(&[])),
        days,
        top(&[v1::Dimension::Tool]),
        top(&[v1::Dimension::Upstream]),
        of_users,
        visitor.sums(sum(&[v1::Dimension::Outcome])),
        own_keys,
        calls,
    )?;
    let (keys, users) = of_users;
    Ok(Found {
        all: all.into_iter().next().unwrap_or_default(),
        days,
        tools,
        upstreams,
        keys,
        users,
        outcomes,
        own_keys,
        calls,
    })
}

#[component]
fn Usage(asked: Asked, posted: Posted, oversees: bool, found: Found) -> impl IntoView {
    let everybody = asked.of_everybody();
    let lead = if everybody {
        "What everybody's keys did. Times and days are UTC."
    } else {
        "What your keys did. Times and days are UTC."
    };
    let calls = found.calls.iter().flat_map(|calls| &calls.records);
    let nothing = found.all.calls == 0 && calls.count() == 0;
    let csv = asked.address("/usage.csv");
    let own_keys = found.own_keys.clone();
    view! {
        <Shell title="Usage" section=Section::Usage>
            <PageHead title="Usage" lead=lead>
                <a class="button second" href=csv>"Download CSV"</a>
            </PageHead>
            <Filters posted=posted everybody=everybody oversees=oversees own_keys=own_keys/>
            {if nothing {
                view! { <Nothing everybody=everybody/> }.into_any()
            } else {
                view! { <Sums asked=asked found=found/> }.into_any()
            }}
        </Shell>
    }
}
