//! How calls ended, in words that say what to do about it.

use crate::components::{
    content::{Badge, Tone},
    number,
    table::{Cell, Table},
};
use leptos::prelude::*;
use ostia_proto::v1;

pub(crate) fn said(outcome: &str) -> &'static str {
    match outcome {
        "ok" => "Answered",
        "tool_error" => "The tool said no",
        "upstream_error" => "The upstream failed",
        "upstream_unavailable" => "Upstream unreachable",
        "busy" => "Upstream busy",
        "timeout" => "Took too long",
        "cancelled" => "Cancelled",
        "denied" => "Not permitted",
        "unknown_tool" => "No such tool",
        "rate_limited" => "Over a limit",
        "unauthenticated" => "Key refused",
        "invalid" => "Invalid request",
        "internal" => "Ostia failed",
        _ => "Something else",
    }
}

fn reason(outcome: &str) -> &'static str {
    match outcome {
        "ok" => "",
        "tool_error" => "The tool ran and reported an error: its arguments, or what it found.",
        "upstream_error" => "The server behind Ostia answered with an error.",
        "upstream_unavailable" => "It could not be started or reached. An operator sees why.",
        "busy" => "All of its workers were taken for as long as a call may wait.",
        "timeout" => "Longer than its limit, or the limit of a policy.",
        "cancelled" => "The client gave up.",
        "denied" => "A policy, a key's own rules, its networks or its hours say no.",
        "unknown_tool" => "Nothing of that name is there for the key.",
        "rate_limited" => "Too many calls a minute or at once, or a quota is used up.",
        "unauthenticated" => "The key is inactive, has ended, or is not one.",
        "invalid" => "The client sent what the protocol does not allow.",
        "internal" => "A fault of Ostia: an operator finds it in the log.",
        _ => "A newer Ostia knows more about it.",
    }
}

fn tone(outcome: &str) -> Tone {
    match outcome {
        "ok" => Tone::Good,
        "tool_error" | "cancelled" | "rate_limited" | "busy" => Tone::Warn,
        _ => Tone::Bad,
    }
}

#[component]
pub(crate) fn OutcomeBadge(outcome: String) -> impl IntoView {
    view! { <Badge tone=tone(&outcome) text=said(&outcome)/> }
}

#[component]
pub(crate) fn OutcomeRows(rows: Vec<v1::UsageSummary>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="quiet">"No calls yet."</p> }.into_any();
    }
    let all: u64 = rows.iter().map(|row| row.calls).sum();
    let rows = rows.into_iter().map(|row| {
        let why = reason(&row.outcome);
        view! {
            <tr>
                <th scope="row">
                    <div>
                        <OutcomeBadge outcome=row.outcome/>
                        <div class="quiet small">{why}</div>
                    </div>
                </th>
                <Cell label="Calls" number=true>{number::count(row.calls)}</Cell>
                <Cell label="Part" number=true>{format!("{} %", number::percent(row.calls, all))}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table caption="How calls ended" quiet=true dense=true columns=vec!["Ended", "#Calls", "#Part"]>
            {rows}
        </Table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::usage::Outcome;

    #[test]
    fn every_outcome_has_words() {
        for outcome in Outcome::ALL.map(Outcome::as_str) {
            assert_ne!(said(outcome), "Something else", "{outcome}");
            assert!(
                outcome == "ok" || !reason(outcome).starts_with("A newer"),
                "{outcome}"
            );
        }
    }
}
