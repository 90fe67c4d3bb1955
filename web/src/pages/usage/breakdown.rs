//! Sums by what calls have in common.

use super::Asked;
use crate::components::{
    money::costs,
    number,
    table::{Cell, Table},
};
use leptos::prelude::*;
use ostia_proto::v1;

/// Of a breakdown.
pub(super) const ROWS: u32 = 12;

/// The most calls first. `None`: there are more than control adds up in one answer.
#[component]
pub(crate) fn Breakdown(
    caption: &'static str,
    column: &'static str,
    rows: Option<Vec<v1::UsageSummary>>,
    by: v1::Dimension,
    /// Where all of them are, and what a row leads to: the same calls, narrowed to its own.
    #[prop(optional)]
    of: Option<Asked>,
) -> impl IntoView {
    let Some(mut rows) = rows else {
        return view! { <TooMany/> }.into_any();
    };
    if rows.is_empty() {
        return view! { <p class="quiet">"No calls yet."</p> }.into_any();
    }
    let more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let everything = of.as_ref().map(|asked| {
        let href = asked.sums_as_csv(named(by));
        let said = if more {
            "More of them, as CSV"
        } else {
            "As CSV"
        };
        view! { <p class="small"><a href=href>{said}</a></p> }
    });
    let priced = rows.iter().any(|row| !row.costs.is_empty());
    let mut columns = vec![column, "#Calls", "#Failed", "#On average"];
    if priced {
        columns.push("#Cost");
    }
    let rows = rows.into_iter().map(|row| {
        let name = name(&row, by);
        let name = match of.as_ref().and_then(|asked| narrowed(asked, &row, by)) {
            Some(href) => view! { <a href=href>{name}</a> }.into_any(),
            None => name.into_any(),
        };
        let average = row.duration_us.checked_div(row.calls).unwrap_or(0);
        view! {
            <tr>
                <th scope="row">{name}</th>
                <Cell label="Calls" number=true>{number::count(row.calls)}</Cell>
                <Cell label="Failed" number=true>{number::count(row.errors)}</Cell>
                <Cell label="On average" number=true>{number::duration(average)}</Cell>
                {priced
                    .then(|| view! { <Cell label="Cost" number=true>{costs(&row.costs)}</Cell> })}
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table caption=caption quiet=true dense=true columns=columns>{rows}</Table>
        {everything}
    }
    .into_any()
}

#[component]
pub(crate) fn TooMany() -> impl IntoView {
    view! {
        <p class="quiet">
            "More than can be added up at once. Choose a shorter time, or ask for one upstream or user with "
            <code>"ostia usage summary"</code> "."
        </p>
    }
}

/// As `by` has it in an address.
pub(super) fn named(by: v1::Dimension) -> &'static str {
    match by {
        v1::Dimension::Key => "key",
        v1::Dimension::User => "user",
        v1::Dimension::Upstream => "upstream",
        v1::Dimension::Outcome => "outcome",
        v1::Dimension::Tool | v1::Dimension::Unspecified => "tool",
    }
}

fn name(row: &v1::UsageSummary, by: v1::Dimension) -> String {
    match by {
        v1::Dimension::Key if row.key_id.is_empty() => "no key that is known".to_owned(),
        v1::Dimension::Key if row.key_name.is_empty() => "a key that is deleted".to_owned(),
        v1::Dimension::Key if row.owner_name.is_empty() => row.key_name.clone(),
        v1::Dimension::Key => format!("{} of {}", row.key_name, row.owner_name),
        v1::Dimension::User if row.owner_id.is_empty() => "nobody who is known".to_owned(),
        v1::Dimension::User if row.owner_name.is_empty() => "a user who is deleted".to_owned(),
        v1::Dimension::User => row.owner_name.clone(),
        _ if row.upstream.is_empty() => "names that belong to no upstream".to_owned(),
        v1::Dimension::Upstream => row.upstream.clone(),
        _ => format!("{}.{}", row.upstream, row.tool),
    }
}

/// Where the calls of a row are; nowhere for what has no name.
fn narrowed(asked: &Asked, row: &v1::UsageSummary, by: v1::Dimension) -> Option<String> {
    let mut asked = asked.clone();
    let (field, value) = match by {
        v1::Dimension::Key => (&mut asked.key, row.key_id.clone()),
        v1::Dimension::User if row.owner_name.is_empty() => (&mut asked.user, row.owner_id.clone()),
        v1::Dimension::User => (&mut asked.user, row.owner_name.clone()),
        _ if row.upstream.is_empty() => return None,
        v1::Dimension::Upstream => (&mut asked.upstream, row.upstream.clone()),
        _ => (&mut asked.tool, format!("{}.{}", row.upstream, row.tool)),
    };
    if value.is_empty() {
        return None;
    }
    *field = value;
    Some(asked.address("/usage"))
}
