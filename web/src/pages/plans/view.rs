//! How plans look: the list, and one to fill in.

use super::{super::Done, BACK};
use crate::{
    components::{
        content::{Empty, PageHead, Panel},
        form::{Posted, Problems, TextField},
        number,
        removal::Removal,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
    },
    csrf::CsrfField,
    part::Part,
};
use leptos::prelude::*;
use ostia_proto::v1;

#[component]
pub(super) fn List(
    part: Part<v1::Plan>,
    may_change: bool,
    done: Option<&'static str>,
) -> impl IntoView {
    let make = may_change.then(|| view! { <a class="button" href="/plans/new">"Make a plan"</a> });
    let empty = part.rows.is_empty();
    let rows = part.rows.into_iter().map(|plan| {
        let limits = plan.limits.unwrap_or_default();
        let said = |number: Option<u64>| number.map_or("no limit".to_owned(), number::count);
        let name = if may_change {
            view! { <a class="first" href=format!("/plans/{}", plan.id)>{plan.name}</a> }.into_any()
        } else {
            plan.name.into_any()
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <Cell label="A minute" number=true>{said(limits.calls_per_minute.map(u64::from))}</Cell>
                <Cell label="After a pause" number=true>{said(limits.burst.map(u64::from))}</Cell>
                <Cell label="At the same time" number=true>{said(limits.max_in_flight.map(u64::from))}</Cell>
                <Cell label="A month" number=true>{said(limits.calls_per_month)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Plans" section=Section::Users>
            <PageHead title="Plans" lead="How many calls may be made. Of all that apply, the lowest limit wins." back=("/users", "Users")>
                {make}
            </PageHead>
            {done.map(|what| view! { <Done what=what/> })}
            {if empty {
                view! {
                    <Empty title="There are no plans">
                        <p>"Without one nothing is limited but what policies and upstreams limit."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table
                            caption="Plans by name"
                            quiet=true
                            columns=vec!["Plan", "#A minute", "#After a pause", "#At the same time", "#A month"]
                        >
                            {rows}
                        </Table>
                        <Pages list="/plans" later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
pub(super) fn Edit(plan: Option<v1::Plan>, posted: Posted) -> impl IntoView {
    let (title, action) = match &plan {
        Some(plan) => (plan.name.clone(), format!("/plans/{}", plan.id)),
        None => ("Make a plan".to_owned(), "/plans/new".to_owned()),
    };
    let name = plan.is_none().then(|| {
        let posted = posted.clone();
        view! { <TextField posted=posted name="name" label="Name" required=true/> }
    });
    let typed = posted.clone();
    let removal = plan.map(|plan| {
        view! {
            <Panel title="End it">
                <Removal
                    posted=typed
                    name=plan.name
                    action=format!("/plans/{}/delete", plan.id)
                    said="Delete the plan"
                    why="Only one that no key, user or group has can be deleted."
                />
            </Panel>
        }
    });
    view! {
        <Shell title=title.clone() section=Section::Users>
            <PageHead title=title lead="What is left empty is not limited." back=BACK/>
            <Problems posted=posted.clone()/>
            <form method="post" action=action class="form panel">
                <CsrfField/>
                {name}
                <TextField posted=posted.clone() name="calls_per_minute" label="Calls a minute" hint="Spread evenly, on one edge."/>
                <TextField posted=posted.clone() name="burst" label="Calls at once after a pause" hint="Left empty: as many as a minute has."/>
                <TextField posted=posted.clone() name="max_in_flight" label="Calls at the same time" hint="On one edge."/>
                <TextField posted=posted name="calls_per_month" label="Calls a month" hint="The quota, on all edges together."/>
                <div class="row">
                    <button type="submit">"Save"</button>
                    <a class="button second" href="/plans">"Cancel"</a>
                </div>
            </form>
            {removal}
        </Shell>
    }
}
