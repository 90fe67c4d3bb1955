//! Upstreams that are worth a look: those that have a problem now, and those because of which calls failed.

use crate::{
    components::{
        content::{Badge, Tone},
        number,
        table::{Cell, Table, encoded},
    },
    pages::upstreams::Failing,
};
use leptos::prelude::*;
use ostia_domain::upstream::Stage;
use ostia_proto::v1;
use prost_types::Timestamp;
use std::{cmp::Reverse, collections::BTreeMap};

/// How calls end that failed because of the upstream, and for nothing that their caller did.
pub(crate) const ITS_FAULT: [&str; 4] =
    ["upstream_error", "upstream_unavailable", "busy", "timeout"];
const SHOWN: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trouble {
    name: String,
    /// Why it could not be reached when that was tried last.
    problem: Option<String>,
    stage: Option<Stage>,
    since: Option<Timestamp>,
    calls: u64,
    /// Of them.
    failed: u64,
}

/// Those with a problem now first, then those that failed most. `sums` is by upstream and outcome.
pub(super) fn troubles(upstreams: Vec<v1::Upstream>, sums: &[v1::UsageSummary]) -> Vec<Trouble> {
    let mut by_name: BTreeMap<String, Trouble> = BTreeMap::new();
    for upstream in upstreams {
        let stage = upstream.problem_stage().known();
        let name = upstream.definition.unwrap_or_default().name;
        let trouble = by_name.entry(name).or_default();
        (trouble.stage, trouble.since) = (stage, upstream.problem_since);
        // One that is switched off on purpose has none.
        trouble.problem = upstream.problem.filter(|_| upstream.enabled);
    }
    for sum in sums.iter().filter(|sum| !sum.upstream.is_empty()) {
        let trouble = by_name.entry(sum.upstream.clone()).or_default();
        trouble.calls += sum.calls;
        if ITS_FAULT.contains(&sum.outcome.as_str()) {
            trouble.failed += sum.calls;
        }
    }
    let mut troubles: Vec<_> = by_name
        .into_iter()
        .map(|(name, trouble)| Trouble { name, ..trouble })
        .filter(|trouble| trouble.problem.is_some() || trouble.failed > 0)
        .collect();
    troubles.sort_by_key(|trouble| (trouble.problem.is_none(), Reverse(trouble.failed)));
    troubles
}

/// How many cannot be reached now.
pub(super) fn unreachable(of: &[Trouble]) -> u64 {
    let with_problem = of.iter().filter(|trouble| trouble.problem.is_some());
    with_problem.count() as u64
}

#[component]
pub(super) fn Troubles(of: Vec<Trouble>) -> impl IntoView {
    if of.is_empty() {
        return view! { <p class="quiet">"None: all of them can be reached, and no call failed because of one."</p> }
            .into_any();
    }
    let more = of.len().saturating_sub(SHOWN);
    let rows = of.into_iter().take(SHOWN).map(|trouble| {
        let href = format!("/audit?upstream={}", encoded(&trouble.name));
        let now = match trouble.problem {
            Some(problem) => view! {
                <Badge tone=Tone::Bad text="Problem"/>
                <Failing problem=problem stage=trouble.stage since=trouble.since/>
            }
            .into_any(),
            None => view! { <Badge tone=Tone::Good text="Reachable"/> }.into_any(),
        };
        let part = number::percent(trouble.failed, trouble.calls);
        view! {
            <tr>
                <th scope="row"><a href=href>{trouble.name}</a></th>
                <Cell label="Now">{now}</Cell>
                <Cell label="Failed" number=true>{number::count(trouble.failed)}</Cell>
                <Cell label="Of its calls" number=true>{format!("{part} %")}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table
            caption="Upstreams with problems"
            quiet=true
            dense=true
            columns=vec!["Upstream", "Now", "#Failed", "#Of its calls"]
        >
            {rows}
        </Table>
        {(more > 0).then(|| view! { <p class="quiet small">{format!("and {more} more")}</p> })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(name: &str, enabled: bool, problem: Option<&str>) -> v1::Upstream {
        v1::Upstream {
            definition: Some(v1::UpstreamDefinition {
                name: name.to_owned(),
                ..v1::UpstreamDefinition::default()
            }),
            enabled,
            problem: problem.map(str::to_owned),
            ..v1::Upstream::default()
        }
    }

    fn sum(upstream: &str, outcome: &str, calls: u64) -> v1::UsageSummary {
        v1::UsageSummary {
            upstream: upstream.to_owned(),
            outcome: outcome.to_owned(),
            calls,
            ..v1::UsageSummary::default()
        }
    }

    #[test]
    fn what_cannot_be_reached_comes_first_and_what_callers_did_does_not_count() {
        let upstreams = vec![
            upstream("fine", true, None),
            upstream("off", false, Some("gone")),
            upstream("slow", true, None),
            upstream("broken", true, Some("gone")),
        ];
        let sums = [
            sum("fine", "ok", 5),
            sum("fine", "denied", 5),
            sum("slow", "timeout", 2),
            sum("slow", "ok", 6),
            sum("removed", "busy", 3),
            sum("", "unknown_tool", 9),
        ];
        let found = troubles(upstreams, &sums);
        let shown = found
            .iter()
            .map(|one| (one.name.as_str(), one.failed, one.calls));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [("broken", 0, 0), ("removed", 3, 3), ("slow", 2, 8)]
        );
        assert_eq!(unreachable(&found), 1);
    }
}
