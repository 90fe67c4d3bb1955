//! Who used a key lately, and what was changed about it: on its page, and `/keys/{key}/changes` with the rest.

use crate::{
    address::{Path, Query},
    components::{
        content::{PageHead, Panel},
        number,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    load::load,
    pages::audit::{Difference, Differences},
    render,
    visitor::Visitor,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn show(
    visitor: Visitor,
    Path(key): Path<String>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let loaded =
        async { tokio::try_join!(visitor.key(&key), visitor.key_events(&key, &asked.cursor)) };
    let (key, events) = match load(loaded).await {
        Ok(found) => found,
        Err(failure) => return failure.show(&visitor),
    };
    let later = !asked.cursor.is_empty();
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <AllChanges key=key events=events later=later/> }
    })
}

#[component]
fn AllChanges(key: v1::Key, events: v1::ListKeyEventsResponse, later: bool) -> impl IntoView {
    let title = format!("Changes of {}", key.name);
    let (back, list) = (
        format!("/keys/{}", key.id),
        format!("/keys/{}/changes", key.id),
    );
    view! {
        <Shell title=title.clone() section=Section::Keys>
            <PageHead title=title>
                <a class="button second" href=back>"The key"</a>
            </PageHead>
            <Panel title="Changes" note="Newest first, in UTC">
                <ChangeRows of=events.changes/>
            </Panel>
            <Pages list=list later=later next=events.next_page_token/>
        </Shell>
    }
}

#[component]
pub(super) fn Uses(of: Vec<v1::KeyUse>) -> impl IntoView {
    let requests: u64 = of.iter().map(|used| used.requests).sum();
    let note = match requests {
        0 => String::new(),
        1 => "Of its one request".to_owned(),
        _ => format!("Of its newest {requests} requests"),
    };
    let rows = of.into_iter().map(|used| {
        let client = match &*used.client {
            "" => view! { <span class="quiet">"did not say"</span> }.into_any(),
            _ => used.client.into_any(),
        };
        view! {
            <tr>
                <th scope="row">{used.address}</th>
                <Cell label="Client">{client}</Cell>
                <Cell label="Last"><Time at=used.last_at shown=As::Minute/></Cell>
                <Cell label="Requests" number=true>{number::count(used.requests)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Used by" note=note>
            {if requests == 0 {
                view! { <p class="quiet">"Nobody that audit still knows of."</p> }.into_any()
            } else {
                view! {
                    <Table
                        caption="Addresses and clients that used the key"
                        quiet=true
                        dense=true
                        columns=vec!["Address", "Client", "Last", "#Requests"]
                    >
                        {rows}
                    </Table>
                }
                    .into_any()
            }}
        </Panel>
    }
}

#[component]
pub(super) fn Changes(key: String, events: Vec<v1::AuditEvent>, next: String) -> impl IntoView {
    let more = format!("/keys/{key}/changes");
    view! {
        <Panel title="Changes" note="Newest first">
            <ChangeRows of=events/>
            {(!next.is_empty()).then(|| view! { <p><a href=more>"All changes of this key"</a></p> })}
        </Panel>
    }
}

#[component]
fn ChangeRows(of: Vec<v1::AuditEvent>) -> impl IntoView {
    if of.is_empty() {
        return view! { <p class="quiet">"None that audit still has."</p> }.into_any();
    }
    let changes = of.into_iter().map(|event| {
        let difference = Difference::of(&event.detail);
        let what = said(&event.action).map_or_else(|| event.action.clone(), str::to_owned);
        view! {
            <li>
                <details class="more">
                    <summary>
                        <span>{what}</span>
                        <span class="quiet small">
                            <Time at=event.at shown=As::Minute/>
                            {format!(" by {}", event.actor)}
                        </span>
                    </summary>
                    <div class="inside"><Differences of=difference/></div>
                </details>
            </li>
        }
    });
    view! { <ul class="plain-list">{changes.collect_view()}</ul> }.into_any()
}

fn said(action: &str) -> Option<&'static str> {
    Some(match action {
        "keys.create" => "Made",
        "keys.update" => "Changed",
        "keys.rotate" => "New secret",
        "keys.activate" => "Switched on",
        "keys.inactivate" => "Switched off",
        "keys.warn_idle" => "Its owner was told that nobody uses it",
        "keys.revoke" => "Revoked",
        "keys.leaked" => "Revoked: it was found where it should not be",
        _ => return None,
    })
}
