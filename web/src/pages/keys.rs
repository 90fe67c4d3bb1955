//! `/keys`: the keys of whoever looks, and what can be done with them.

mod actions;
mod create;
mod detail;
mod edit;
mod end;
mod events;
mod facts;
mod form;
mod held;
mod once;
mod rotate;
mod view;

use crate::{
    Site,
    address::Query,
    components::{
        chart::{Bar, Spark},
        content::{Chips, Empty, PageHead},
        number,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    load::load,
    pages::usage::{Course, since},
    render,
    visitor::Visitor,
};
use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use chrono::TimeDelta;
use http::StatusCode;
use leptos::prelude::*;
pub(crate) use once::show as show_once;
use ostia_domain::{clock, user::Role};
use ostia_proto::v1;
use serde::Deserialize;
use view::{Ends, State, quotas_left, scopes, secret_name};
pub(crate) use view::{QuotaLeft, all, least};

const PAGE: u32 = 25;
const HOURS: i64 = 24;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/keys", get(show).post(create::create))
        .route("/keys/new", get(create::show))
        .route("/keys/{key}", get(detail::show))
        .route("/keys/{key}/changes", get(events::show))
        .route("/keys/{key}/edit", get(edit::show).post(edit::save))
        .route("/keys/{key}/rotate", post(rotate::rotate))
        .route("/keys/{key}/inactivate", post(end::inactivate))
        .route("/keys/{key}/activate", post(end::activate))
        .route("/keys/{key}/revoke", post(end::revoke))
        .route("/keys/{key}/delete", post(end::delete))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    done: String,
}

/// Somebody who sees everything may change nothing, and so makes no keys.
fn may_change(visitor: &Visitor) -> bool {
    visitor.role != Role::Auditor
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let user = visitor.id.to_string();
    let now = clock::now();
    let last_day = v1::SummarizeUsageRequest {
        user: Some(user.clone()),
        from: Some(since(now, TimeDelta::hours(HOURS - 1))),
        bucket: v1::Bucket::Hour.into(),
        group_by: vec![v1::Dimension::Key.into()],
        ..v1::SummarizeUsageRequest::default()
    };
    let keys = async {
        let page = visitor.own_keys(PAGE, &asked.cursor).await?;
        let ids = page.keys.iter().map(|key| key.id.clone()).collect();
        let allowances = visitor.allowances(&user, ids).await?;
        Ok((page, allowances))
    };
    let loading = async { tokio::try_join!(keys, visitor.sums(last_day)) };
    let ((page, allowances), usage) = match load(loading).await {
        Ok(loaded) => loaded,
        Err(failure) => return failure.show(&visitor),
    };
    let rows = page.keys.into_iter().map(|key| {
        let of_key = usage.iter().filter(|row| row.key_id == key.id);
        Row {
            course: Course::hours(now, HOURS).of(of_key).bars(),
            left: least(quotas_left(&allowances, &key)),
            key,
        }
    });
    let listed = Listed {
        rows: rows.collect(),
        later: !asked.cursor.is_empty(),
        next: page.next_page_token,
        may_change: may_change(&visitor),
        done: asked.done == "deleted",
    };
    render::page_of(&visitor, StatusCode::OK, || view! { <List listed=listed/> })
}

struct Listed {
    rows: Vec<Row>,
    later: bool,
    next: String,
    may_change: bool,
    done: bool,
}

struct Row {
    key: v1::Key,
    course: Vec<Bar>,
    left: Option<QuotaLeft>,
}

#[component]
fn List(listed: Listed) -> impl IntoView {
    let make = || view! { <a class="button" href="/keys/new">"Make a key"</a> };
    let empty = listed.rows.is_empty() && !listed.later;
    let columns = vec![
        "Key",
        "State",
        "May use",
        "Last 24 hours",
        "Last used",
        "Quota left",
        "Ends",
    ];
    let rows = listed
        .rows
        .into_iter()
        .map(|row| view! { <KeyRow row=row/> });
    let rows = rows.collect_view();
    view! {
        <Shell title="Keys" section=Section::Keys>
            <PageHead title="Keys" lead="Each client gets a key of its own, so that you can end one without the others.">
                {listed.may_change.then(make)}
            </PageHead>
            {listed.done.then(|| view! { <super::Done what="The key is deleted. Its usage and audit stay."/> })}
            {if empty {
                view! {
                    <Empty title="You have no keys">
                        <p>"A key is what an MCP client signs in with. It may do what you may, or less."</p>
                        {listed.may_change.then(make)}
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table caption="Your keys, newest first" quiet=true columns=columns>
                            {rows}
                        </Table>
                        <Pages list="/keys" later=listed.later next=listed.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn KeyRow(row: Row) -> impl IntoView {
    let key = row.key;
    let calls: u64 = row.course.iter().map(|bar| bar.calls).sum();
    let errors: u64 = row.course.iter().map(|bar| bar.errors).sum();
    let said = match (calls, errors) {
        (0, _) => "no calls".to_owned(),
        (calls, 0) => number::counted(calls, "call", "calls"),
        (calls, errors) => {
            let calls = number::counted(calls, "call", "calls");
            format!("{calls}, {} failed", number::count(errors))
        }
    };
    let from = [&key.last_used_address, &key.last_used_client];
    let from: Vec<_> = from
        .into_iter()
        .filter(|text| !text.is_empty())
        .cloned()
        .collect();
    let (of, scopes) = (key.clone(), scopes(&key));
    let (at, left, made) = (key.last_used_at, row.left, key.created_at);
    view! {
        <tr>
            <th scope="row">
                <div>
                    <a class="first" href=format!("/keys/{}", key.id)>{key.name.clone()}</a>
                    <div class="quiet"><code>{secret_name(&key)}</code></div>
                </div>
            </th>
            <Cell label="State"><State of=of/></Cell>
            <Cell label="May use"><Chips of=scopes/></Cell>
            <Cell label="Last 24 hours">
                <Spark title="Calls in the last 24 hours" bars=row.course/>
                <span class="quiet small">{said}</span>
            </Cell>
            <Cell label="Last used">
                <Time at=at shown=As::Distance/>
                <div class="quiet small">{from.join(", ")}</div>
            </Cell>
            <Cell label="Quota left">
                {match left {
                    Some(left) => {
                        let (count, quota) = (number::count(left.left), number::count(left.quota));
                        format!("{count} of {quota} {}", left.now())
                    }
                    None => "no quota".to_owned(),
                }}
            </Cell>
            <Cell label="Ends">
                <Ends of=key/>
                <div class="quiet small">"Made " <Time at=made shown=As::Date/></div>
            </Cell>
        </tr>
    }
}
