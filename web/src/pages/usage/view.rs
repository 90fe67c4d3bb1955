//! What calls come to, on the page.

use super::{Asked, Breakdown, Calls, Course, Found, OutcomeRows, TooMany};
use crate::components::{
    chart::Bars,
    content::{Empty, Panel},
    money::costs,
    number,
    table::Pages,
};
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;

#[component]
pub(super) fn Nothing(everybody: bool) -> impl IntoView {
    let (said, to_do) = if everybody {
        (
            "Nothing that anybody's keys did matches this. Try a longer time, or less in the filters.",
            None,
        )
    } else {
        let said = "Nothing that your keys did matches this. Try a longer time, or connect a client first.";
        let to_do = view! { <a class="button second" href="/">"Connect a client"</a> };
        (said, Some(to_do))
    };
    view! { <Empty title="No calls here"><p>{said}</p>{to_do}</Empty> }
}

#[component]
pub(super) fn Sums(asked: Asked, found: Found) -> impl IntoView {
    let everybody = asked.of_everybody();
    let days = match &found.days {
        Some(rows) => {
            let bars = Course::days(clock::now(), asked.days()).of(rows.iter());
            let by_day = asked.sums_as_csv("day");
            view! {
                <Bars id="days" title="Calls by day" bars=bars.bars()/>
                <p class="small"><a href=by_day>"As CSV"</a></p>
            }
            .into_any()
        }
        None => view! { <TooMany/> }.into_any(),
    };
    let panel = |title, column, rows, by| {
        let of = asked.clone();
        view! { <Panel title=title><Breakdown caption=title column=column rows=rows by=by of=of/></Panel> }
    };
    let users = everybody.then(|| panel("By user", "User", found.users, v1::Dimension::User));
    let keys = panel("By key", "Key", found.keys, v1::Dimension::Key);
    let tools = panel("By tool", "Tool", found.tools, v1::Dimension::Tool);
    let upstreams = panel(
        "By upstream",
        "Upstream",
        found.upstreams,
        v1::Dimension::Upstream,
    );
    let calls = if let Some(calls) = found.calls {
        let (list, later) = (asked.address("/usage"), !asked.cursor.is_empty());
        view! {
            <Calls of=calls.records whose=everybody/>
            <Pages list=list later=later next=calls.next_page_token/>
        }
        .into_any()
    } else {
        let href = asked.in_audit();
        view! { <p><a href=href>"Every call like this, in Audit"</a></p> }.into_any()
    };
    view! {
        <Figures all=found.all/>
        <Panel title="By day">{days}</Panel>
        <div class="grid">
            {users}
            {keys}
            {tools}
            {upstreams}
            <Panel title="How calls ended"><OutcomeRows rows=found.outcomes/></Panel>
        </div>
        <Panel title="Every call" note="Newest first">
            {calls}
        </Panel>
    }
}

#[component]
fn Figures(all: v1::UsageSummary) -> impl IntoView {
    let cost = (!all.costs.is_empty()).then(|| {
        view! {
            <div>
                <dt>"Cost"</dt>
                <dd>{costs(&all.costs)}</dd>
                <dd class="hint">"at the prices of today"</dd>
            </div>
        }
    });
    view! {
        <dl class="figures">
            <div><dt>"Calls"</dt><dd>{number::count(all.calls)}</dd></div>
            <div>
                <dt>"Refused or failed"</dt>
                <dd>{number::count(all.errors)}</dd>
                <dd class="hint">{format!("{} %", number::percent(all.errors, all.calls))}</dd>
            </div>
            <div>
                <dt>"Took on average"</dt>
                <dd>{number::duration(all.duration_us.checked_div(all.calls).unwrap_or(0))}</dd>
            </div>
            {cost}
        </dl>
    }
}
