//! Calls, one in a row.

use super::OutcomeBadge;
use crate::components::{
    number,
    table::{Cell, Table},
    time::{As, Time},
};
use leptos::prelude::*;
use ostia_proto::v1;

/// Newest first. With `whose`, everybody's, for who sees what belongs to everybody.
#[component]
pub(crate) fn Calls(of: Vec<v1::UsageRecord>, whose: bool) -> impl IntoView {
    let mut columns = vec!["Time", "Tool", "Ended", "#Took", "#Result", "Key"];
    if whose {
        columns.push("Owner");
    }
    let rows = of
        .into_iter()
        .map(|record| view! { <CallRow of=record whose=whose/> });
    let rows = rows.collect_view();
    view! {
        <Table caption="Calls, newest first" quiet=true dense=true columns=columns>
            {rows}
        </Table>
    }
}

#[component]
pub(crate) fn CallRow(of: v1::UsageRecord, whose: bool) -> impl IntoView {
    let name = if of.upstream.is_empty() {
        of.tool
    } else {
        format!("{}.{}", of.upstream, of.tool)
    };
    let time = view! { <Time at=of.at shown=As::Second/> };
    // The event of a call has the id of its record.
    let time = if whose {
        view! { <a href=format!("/audit/{}", of.id)>{time}</a> }.into_any()
    } else {
        time.into_any()
    };
    let owner = if of.owner_id.is_empty() {
        "nobody".to_owned()
    } else {
        of.owner_name
    };
    view! {
        <tr data-id=of.id>
            <Cell label="Time">{time}</Cell>
            <Cell label="Tool"><code>{name}</code></Cell>
            <Cell label="Ended"><OutcomeBadge outcome=of.outcome/></Cell>
            <Cell label="Took" number=true>{number::duration(of.duration_us)}</Cell>
            <Cell label="Result" number=true>{number::bytes(of.result_bytes)}</Cell>
            <Cell label="Key">{of.key_name}</Cell>
            {whose.then(|| view! { <Cell label="Owner">{owner}</Cell> })}
        </tr>
    }
}
