//! Tables that are cards where there is no room for their columns, and the way to the next page of one.

use leptos::prelude::*;

#[component]
pub(crate) fn Table(
    #[prop(into)] caption: String,
    /// Whether the caption is only read out, because a heading says the same.
    #[prop(optional)]
    quiet: bool,
    /// Heads of columns; those of numbers begin with `#`.
    columns: Vec<&'static str>,
    #[prop(optional)] dense: bool,
    children: Children,
) -> impl IntoView {
    let room = room(columns.len());
    let heads = columns
        .into_iter()
        .map(|name| match name.strip_prefix('#') {
            Some(name) => view! { <th scope="col" class="number">{name}</th> },
            None => view! { <th scope="col" class="">{name}</th> },
        });
    let class = if dense {
        "table cards dense"
    } else {
        "table cards"
    };
    let caption_class = if quiet { "seen-only" } else { "" };
    view! {
        <div class=format!("scroll {room}")>
            <table class=class>
                <caption class=caption_class>{caption}</caption>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// How many columns want room, as the stylesheet has it (`tables.css`).
fn room(columns: usize) -> &'static str {
    match columns {
        0..=4 => "few",
        5..=6 => "some",
        _ => "many",
    }
}

/// A cell that says on a card what its column is.
#[component]
pub(crate) fn Cell(
    label: &'static str,
    #[prop(optional)] number: bool,
    children: Children,
) -> impl IntoView {
    view! { <td data-label=label class=number.then_some("number")><div>{children()}</div></td> }
}

/// Where a list goes on. Pages are found by cursor, so there is a next one and a first one.
#[component]
pub(crate) fn Pages(
    /// Address of the list without a cursor; may have a query.
    #[prop(into)]
    list: String,
    /// Whether this is not the first page.
    later: bool,
    /// From control; empty on the last page.
    next: String,
) -> impl IntoView {
    if next.is_empty() && !later {
        return ().into_any();
    }
    let next = (!next.is_empty()).then(|| {
        let sign = if list.contains('?') { '&' } else { '?' };
        format!("{list}{sign}cursor={}", encoded(&next))
    });
    view! {
        <nav class="pages" aria-label="Pages">
            {later.then(|| view! { <a class="button second" href=list>"First page"</a> })}
            {next.map(|href| view! { <a class="button second" href=href rel="next">"Next page"</a> })}
        </nav>
    }
    .into_any()
}

/// Text as a part of a query or of a path.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn nothing_ends_a_query_early() {
        assert_eq!(encoded("a b&c=d#é/../"), "a%20b%26c%3Dd%23%C3%A9%2F..%2F");
    }
}
