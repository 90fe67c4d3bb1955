//! How plans look: the list, and one to fill in.

use crate::{
    components::{
        content::{Empty, PageHead, Panel},
        form::{Posted, Problems, TextField},
        number,
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
    },
    csrf::CsrfField,
    pages::{Done, objects::One},
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
        view! {
            <tr>
                <th scope="row"><a class="first" href=format!("/plans/{}", plan.id)>{plan.name}</a></th>
                <Cell label="A minute" number=true>{said(limits.calls_per_minute.map(u64::from))}</Cell>
                <Cell label="After a pause" number=true>{said(burst(&limits).map(u64::from))}</Cell>
                <Cell label="At the same time" number=true>{said(limits.max_in_flight.map(u64::from))}</Cell>
                <Cell label="A day" number=true>{said(limits.calls_per_day)}</Cell>
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
                            columns=vec![
                                "Plan",
                                "#A minute",
                                "#After a pause",
                                "#At the same time",
                                "#A day",
                                "#A month",
                            ]
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
pub(super) fn Edit(page: One<v1::Plan>) -> impl IntoView {
    let (title, action) = page.head("Make a plan");
    let removal = page.removal(
        "Delete the plan",
        "Only one that no key, user or group has can be deleted.",
    );
    let is_new = page.object.is_none();
    let posted = page.posted;
    let body = if page.may_change {
        view! { <Form action=action posted=posted.clone() is_new=is_new/> }.into_any()
    } else {
        view! { <Facts of=page.object.unwrap_or_default()/> }.into_any()
    };
    view! {
        <Shell title=title.clone() section=Section::Users>
            <PageHead title=title lead="What is left empty is not limited." back=("/plans", "Plans")/>
            {page.done.map(|what| view! { <Done what=what/> })}
            <Problems posted=posted/>
            {body}
            {removal}
        </Shell>
    }
}

#[component]
fn Facts(of: v1::Plan) -> impl IntoView {
    let limits = of.limits.unwrap_or_default();
    view! {
        <Panel title="Limits">
            <dl class="facts">
                <dt>"Calls a minute"</dt>
                <dd>{said(limits.calls_per_minute.map(u64::from))}</dd>
                <dt>"Calls at once after a pause"</dt>
                <dd>{said(burst(&limits).map(u64::from))}</dd>
                <dt>"Calls at the same time"</dt>
                <dd>{said(limits.max_in_flight.map(u64::from))}</dd>
                <dt>"Calls a day"</dt>
                <dd>{said(limits.calls_per_day)}</dd>
                <dt>"Calls a month"</dt>
                <dd>{said(limits.calls_per_month)}</dd>
            </dl>
        </Panel>
    }
}

/// Left empty it is as many as a minute has.
fn burst(limits: &v1::Limits) -> Option<u32> {
    limits.burst.or(limits.calls_per_minute)
}

fn said(number: Option<u64>) -> String {
    number.map_or("no limit".to_owned(), number::count)
}

#[component]
fn Form(action: String, posted: Posted, is_new: bool) -> impl IntoView {
    let of_name = posted.clone();
    let name = is_new
        .then(|| view! { <TextField posted=of_name name="name" label="Name" required=true/> });
    view! {
        <form method="post" action=action class="form panel">
            <CsrfField/>
            {name}
            <TextField posted=posted.clone() name="calls_per_minute" label="Calls a minute" hint="Spread evenly, on one edge."/>
            <TextField posted=posted.clone() name="burst" label="Calls at once after a pause" hint="Left empty: as many as a minute has."/>
            <TextField posted=posted.clone() name="max_in_flight" label="Calls at the same time" hint="On one edge."/>
            <TextField posted=posted.clone() name="calls_per_day" label="Calls a day" hint="A quota, on all edges together."/>
            <TextField posted=posted name="calls_per_month" label="Calls a month" hint="The same for a month. Days and months are those of UTC."/>
            <div class="row">
                <button type="submit">"Save"</button>
                <a class="button second" href="/plans">"Cancel"</a>
            </div>
        </form>
    }
}
