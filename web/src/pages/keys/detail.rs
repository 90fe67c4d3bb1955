//! `/keys/{key}`: one key, what it did, and what can be done with it.

use super::{
    actions::Actions,
    events::{Changes, Uses},
    facts::{Facts, Secrets},
    may_change,
    view::is_ended,
};
use crate::{
    Site,
    address::{Path, Query},
    components::{
        chart::Bars,
        content::{PageHead, Panel},
        form::Posted,
        shell::{Section, Shell},
        snippets::{Snippets, VARIABLE},
    },
    load::load,
    pages::{
        Done,
        usage::{Breakdown, Course, OutcomeRows, last_days},
    },
    render,
    visitor::Visitor,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;
use tonic::Status;

const DAYS: i64 = 30;

pub(super) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(key): Path<String>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let done = match &*asked.done {
        "changed" => Some("The key is changed. Every edge judges by it from the next call on."),
        "inactivated" => {
            Some("The key is switched off: it is refused until it is switched on again.")
        }
        "activated" => Some("The key is switched on again."),
        "revoked" => Some("The key is revoked. No edge takes it any more."),
        _ => None,
    };
    page(
        &site,
        &visitor,
        &key,
        StatusCode::OK,
        Posted::default(),
        done,
    )
    .await
}

/// The same page, with what was wrong beside its field.
pub(super) async fn refused(site: &Site, visitor: &Visitor, key: &str, posted: Posted) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(site, visitor, key, status, posted, None).await
}

async fn page(
    site: &Site,
    visitor: &Visitor,
    key: &str,
    status: StatusCode,
    posted: Posted,
    done: Option<&'static str>,
) -> Response {
    let shown = match load(loaded(visitor, key)).await {
        Ok(found) => Shown {
            found,
            posted,
            done,
            may_change: may_change(visitor),
            own: false,
            mcp_url: site.config.mcp_url.clone(),
        },
        Err(failure) => return failure.show(visitor),
    };
    let own = shown.found.key.owner_id == visitor.id.to_string();
    let shown = Shown { own, ..shown };
    render::page_of(visitor, status, || view! { <Detail shown=shown/> })
}

struct Found {
    key: v1::Key,
    days: Vec<v1::UsageSummary>,
    tools: Vec<v1::UsageSummary>,
    outcomes: Vec<v1::UsageSummary>,
    allowances: Vec<v1::Allowance>,
    events: v1::ListKeyEventsResponse,
}

struct Shown {
    found: Found,
    posted: Posted,
    done: Option<&'static str>,
    may_change: bool,
    own: bool,
    mcp_url: String,
}

async fn loaded(visitor: &Visitor, reference: &str) -> Result<Found, Status> {
    let key = visitor.key(reference).await?;
    let from = last_days(clock::now(), DAYS);
    let summary = |group_by: Option<v1::Dimension>, bucket: v1::Bucket| {
        visitor.sums(v1::SummarizeUsageRequest {
            key: Some(key.id.clone()),
            from: Some(from),
            bucket: bucket.into(),
            group_by: group_by.into_iter().map(Into::into).collect(),
            ..v1::SummarizeUsageRequest::default()
        })
    };
    let (days, tools, outcomes, allowances, events) = tokio::try_join!(
        summary(None, v1::Bucket::Day),
        summary(Some(v1::Dimension::Tool), v1::Bucket::Unspecified),
        summary(Some(v1::Dimension::Outcome), v1::Bucket::Unspecified),
        visitor.allowances(&key.owner_id, vec![key.id.clone()]),
        visitor.key_events(&key.id, "")
    )?;
    Ok(Found {
        key,
        days,
        tools,
        outcomes,
        allowances,
        events,
    })
}

#[component]
fn Detail(shown: Shown) -> impl IntoView {
    let Found {
        key,
        days,
        tools,
        outcomes,
        allowances,
        events,
    } = shown.found;
    let bars = Course::days(clock::now(), DAYS).of(days.iter()).bars();
    let changeable = shown.may_change && !is_ended(&key);
    let usable = changeable && shown.own && key.state() == v1::KeyState::Active;
    let (id, key_id) = (key.id.clone(), key.id.clone());
    let title = key.name.clone();
    let whose = if shown.own { "" } else { "whose=everybody&" };
    let calls = format!("/usage?{whose}key={id}");
    let actions = shown.may_change.then(|| {
        let key = key.clone();
        view! { <Actions key=key posted=shown.posted/> }
    });
    view! {
        <Shell title=title.clone() section=Section::Keys>
            <PageHead title=title back=("/keys", "Keys")>
                {usable
                    .then(|| {
                        view! { <a class="button second" href=format!("/try?key={id}")>"Try it"</a> }
                    })}
                {changeable
                    .then(|| view! { <a class="button second" href=format!("/keys/{id}/edit")>"Change"</a> })}
            </PageHead>
            {shown.done.map(|what| view! { <Done what=what/> })}
            <div class="grid">
                <Facts key=key.clone() allowances=allowances own=shown.own/>
                <Secrets key=key/>
            </div>
            <Panel title="Calls by day" note=format!("The last {DAYS} days, UTC")>
                <Bars id="days" title="Calls by day" bars=bars/>
            </Panel>
            <div class="grid">
                <Panel title="By tool" note=format!("The last {DAYS} days")>
                    <Breakdown caption="Calls by tool" column="Tool" rows=Some(tools) by=v1::Dimension::Tool/>
                </Panel>
                <Panel title="How calls ended" note=format!("The last {DAYS} days")>
                    <OutcomeRows rows=outcomes/>
                    <p><a href=calls>"Every call of this key"</a></p>
                </Panel>
            </div>
            <div class="grid">
                <Uses of=events.uses/>
                <Changes key=key_id events=events.changes next=events.next_page_token/>
            </div>
            {(changeable && shown.own)
                .then(|| {
                    view! {
                        <Panel title="Connect a client" note="The key stands for itself here: it was shown once">
                            <Snippets mcp_url=shown.mcp_url key=VARIABLE.to_owned()/>
                        </Panel>
                    }
                })}
            {actions}
        </Shell>
    }
}
