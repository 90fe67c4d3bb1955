//! How upstreams did lately: how long calls took that came to them, and how many failed because of them.

use crate::{
    ask::unless_too_many,
    components::{
        content::Panel,
        number,
        table::{Cell, Table},
        time::timestamp,
    },
    pages::overview::{ITS_FAULT, Quantile, Span},
    visitor::Visitor,
};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use ostia_proto::v1;
use std::collections::HashMap;
use tonic::Status;

const SPANS: [Span; 2] = [Span::Hour, Span::Day];
/// How calls end that came to it. What Ostia refuses takes no time, and would make it look fast.
const ANSWERED: [&str; 5] = ["ok", "tool_error", "upstream_error", "timeout", "cancelled"];

/// Calls of one upstream in one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent {
    /// That were meant for it and allowed.
    calls: u64,
    /// Of them.
    failed: u64,
    /// Those that came to it, by how long they took.
    durations: Vec<u64>,
    bounds: Vec<u64>,
}

/// Of some upstreams, for each of [`SPANS`]. Unset: there is more than control adds up in one answer.
pub(super) struct Lately([Option<HashMap<String, Recent>>; 2]);

/// Of one upstream, by name, or of all.
pub(super) async fn lately(
    visitor: &Visitor,
    upstream: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Lately, Status> {
    let of = async |span: Span| {
        let request = v1::SummarizeUsageRequest {
            upstream: upstream.map(str::to_owned),
            from: Some(timestamp(span.from(now))),
            group_by: [v1::Dimension::Upstream, v1::Dimension::Outcome]
                .map(i32::from)
                .to_vec(),
            ..v1::SummarizeUsageRequest::default()
        };
        let sums = visitor.control.usage().summarize_usage(request).await;
        let sums = unless_too_many(sums)?;
        Ok::<_, Status>(sums.map(|sums| by_upstream(sums.into_inner())))
    };
    let (hour, day) = tokio::try_join!(of(SPANS[0]), of(SPANS[1]))?;
    Ok(Lately([hour, day]))
}

fn by_upstream(sums: v1::SummarizeUsageResponse) -> HashMap<String, Recent> {
    let mut recent: HashMap<String, Recent> = HashMap::new();
    for sum in sums.rows.into_iter().filter(|sum| !sum.upstream.is_empty()) {
        let (answered, failed) = (
            ANSWERED.contains(&&*sum.outcome),
            ITS_FAULT.contains(&&*sum.outcome),
        );
        if !answered && !failed {
            continue;
        }
        let of = recent.entry(sum.upstream).or_default();
        of.calls += sum.calls;
        if failed {
            of.failed += sum.calls;
        }
        if answered {
            of.durations.resize(sums.duration_bounds_us.len() + 1, 0);
            for (all, new) in of.durations.iter_mut().zip(sum.durations) {
                *all += new;
            }
            of.bounds.clone_from(&sums.duration_bounds_us);
        }
    }
    recent
}

impl Lately {
    /// In the order of [`SPANS`].
    pub(super) fn of(&self, upstream: &str) -> [Option<Recent>; 2] {
        let one = |all: &Option<HashMap<String, Recent>>| {
            Some(all.as_ref()?.get(upstream).cloned().unwrap_or_default())
        };
        [one(&self.0[0]), one(&self.0[1])]
    }
}

impl Recent {
    fn quantile(&self, percent: u64) -> (String, String) {
        Quantile::of(percent, &self.durations, &self.bounds).said()
    }
}

/// On a list.
#[component]
pub(super) fn RecentCell(label: &'static str, of: Option<Recent>) -> impl IntoView {
    let body = match of {
        None => view! { <span class="quiet">"too many calls"</span> }.into_any(),
        Some(of) if of.calls == 0 => view! { <span class="quiet">"no calls"</span> }.into_any(),
        Some(of) => {
            let failed = format!(
                "{} % of {} failed",
                number::percent(of.failed, of.calls),
                number::count(of.calls)
            );
            view! {
                <div>"p50 " {of.quantile(50).0}</div>
                <div>"p95 " {of.quantile(95).0}</div>
                <div class="quiet small">{failed}</div>
            }
            .into_any()
        }
    };
    view! { <Cell label=label number=true>{body}</Cell> }
}

/// On the page of one.
#[component]
pub(super) fn LatelyPanel(of: [Option<Recent>; 2]) -> impl IntoView {
    let rows = SPANS.into_iter().zip(of).map(|(span, of)| {
        let Some(of) = of else {
            return view! {
                <tr>
                    <th scope="row">{span.said()}</th>
                    <td colspan="4">"More than can be added up at once."</td>
                </tr>
            }
            .into_any();
        };
        let (half, half_surely) = of.quantile(50);
        let (most, most_surely) = of.quantile(95);
        let part = number::percent(of.failed, of.calls);
        view! {
            <tr>
                <th scope="row">{span.said()}</th>
                <Cell label="Calls" number=true>{number::count(of.calls)}</Cell>
                <Cell label="Failed" number=true>
                    {format!("{part} %")}
                    <div class="quiet small">{number::counted(of.failed, "call", "calls")}</div>
                </Cell>
                <Cell label="p50" number=true>
                    {half}
                    <div class="quiet small">{half_surely}</div>
                </Cell>
                <Cell label="p95" number=true>
                    {most}
                    <div class="quiet small">{most_surely}</div>
                </Cell>
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Lately" note="Of the calls that were allowed, those that failed because of it, and what half (p50) and 95 % (p95) took at most. Times begin with an hour.">
            <Table
                caption="How calls of it went lately"
                quiet=true
                columns=vec![
                    "Time",
                    "#Calls",
                    "#Failed",
                    "#p50",
                    "#p95",
                ]
            >
                {rows}
            </Table>
        </Panel>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(upstream: &str, outcome: &str, calls: u64, durations: &[u64]) -> v1::UsageSummary {
        v1::UsageSummary {
            upstream: upstream.to_owned(),
            outcome: outcome.to_owned(),
            calls,
            durations: durations.to_vec(),
            ..v1::UsageSummary::default()
        }
    }

    #[test]
    fn what_callers_did_is_not_on_the_account_of_an_upstream() {
        let found = by_upstream(v1::SummarizeUsageResponse {
            rows: vec![
                sum("a", "ok", 8, &[4, 4, 0]),
                sum("a", "denied", 100, &[100, 0, 0]),
                sum("a", "timeout", 1, &[0, 0, 1]),
                sum("a", "busy", 1, &[1, 0, 0]),
                sum("b", "denied", 5, &[5, 0, 0]),
                sum("", "unknown_tool", 5, &[5, 0, 0]),
            ],
            duration_bounds_us: vec![1_000, 3_000],
        });
        let a = Recent {
            calls: 10,
            failed: 2,
            durations: vec![4, 4, 1],
            bounds: vec![1_000, 3_000],
        };
        assert_eq!(found, [("a".to_owned(), a.clone())].into());
        assert_eq!(a.quantile(95).0, "> 3.0 ms");
        let lately = Lately([Some(found), None]);
        assert_eq!(lately.of("a"), [Some(a), None]);
        assert_eq!(lately.of("b"), [Some(Recent::default()), None]);
    }
}
