//! What runs of upstreams on edges now, as control was told last.

use crate::{
    components::{
        content::{Badge, Panel, Tone},
        number,
        table::{Cell, Table},
        time::{As, Time},
    },
    visitor::Visitor,
};
use leptos::prelude::*;
use ostia_proto::v1;
use std::collections::HashMap;
use tonic::Status;

/// Of one upstream, or of all.
pub(crate) async fn pools(
    visitor: &Visitor,
    upstream: Option<&str>,
) -> Result<Vec<v1::EdgePool>, Status> {
    let request = v1::ListPoolsRequest {
        upstream: upstream.map(str::to_owned),
    };
    let listed = visitor.control.upstreams().list_pools(request).await?;
    Ok(listed.into_inner().pools)
}

/// Several pools together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) workers: u64,
    pub(crate) starting: u64,
    pub(crate) max_workers: u64,
    pub(crate) in_flight: u64,
    pub(crate) queued: u64,
    /// Breakers that are not closed.
    pub(crate) open: u64,
}

impl Sum {
    pub(crate) fn of<'p>(pools: impl IntoIterator<Item = &'p v1::EdgePool>) -> Self {
        let states = pools.into_iter().filter_map(|pool| pool.state.as_ref());
        states.fold(Self::default(), |sum, state| Self {
            workers: sum.workers + u64::from(state.workers),
            starting: sum.starting + u64::from(state.starting),
            max_workers: sum.max_workers + u64::from(state.max_workers),
            in_flight: sum.in_flight + u64::from(state.in_flight),
            queued: sum.queued + u64::from(state.queued),
            open: sum.open + u64::from(state.breaker() != v1::Breaker::Closed),
        })
    }

    /// By the name of the upstream.
    pub(super) fn by_upstream(pools: &[v1::EdgePool]) -> HashMap<String, Self> {
        let mut of: HashMap<&str, Vec<&v1::EdgePool>> = HashMap::new();
        for pool in pools {
            of.entry(&pool.upstream).or_default().push(pool);
        }
        let sums = of.into_iter();
        sums.map(|(name, pools)| (name.to_owned(), Self::of(pools)))
            .collect()
    }

    pub(crate) fn said(self) -> String {
        let starting = match self.starting {
            0 => String::new(),
            starting => format!(", {starting} starting"),
        };
        format!("{} of {}{starting}", self.workers, self.max_workers)
    }
}

/// Of one upstream, a row for each edge.
#[component]
pub(super) fn Running(pools: Vec<v1::EdgePool>) -> impl IntoView {
    let body = if pools.is_empty() {
        view! { <p class="quiet">"No edge has said within the last 15 seconds that it has this upstream."</p> }
            .into_any()
    } else {
        let rows = pools.into_iter().map(|pool| view! { <Row pool=pool/> });
        let rows = rows.collect_view();
        view! {
            <Table
                caption="Workers on each edge"
                quiet=true
                columns=vec!["Edge", "Starts of workers", "#Workers", "#Calls in them", "#Calls that wait", "As of"]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    view! {
        <Panel title="Running now" note="As each edge said last. Over HTTP a worker is a connection.">
            {body}
        </Panel>
    }
}

#[component]
fn Row(pool: v1::EdgePool) -> impl IntoView {
    let state = pool.state.unwrap_or_default();
    let (tone, breaker) = match state.breaker() {
        v1::Breaker::Open => (Tone::Bad, "Put off (breaker open)"),
        v1::Breaker::HalfOpen => (Tone::Warn, "One is tried (breaker half-open)"),
        v1::Breaker::Closed | v1::Breaker::Unspecified => {
            (Tone::Good, "As needed (breaker closed)")
        }
    };
    let more = [(state.starting, "starting"), (state.ending, "ending")];
    let more = more.into_iter().filter(|(n, _)| *n > 0);
    let more: Vec<_> = more.map(|(n, what)| format!("{n} {what}")).collect();
    let places = u64::from(state.workers) * u64::from(state.max_in_flight);
    view! {
        <tr>
            <th scope="row">{pool.edge}</th>
            <Cell label="Starts of workers">
                <Badge tone=tone text=breaker/>
                {state.problem.map(|problem| view! { <div class="quiet small">{problem}</div> })}
            </Cell>
            <Cell label="Workers" number=true>
                {format!("{} of {}", state.workers, state.max_workers)}
                {(!more.is_empty()).then(|| view! { <div class="quiet small">{more.join(", ")}</div> })}
            </Cell>
            <Cell label="Calls in them" number=true>
                {format!("{} of {}", number::count(state.in_flight.into()), number::count(places))}
            </Cell>
            <Cell label="Calls that wait" number=true>
                {format!("{} of {}", state.queued, state.max_queue)}
            </Cell>
            <Cell label="As of"><Time at=pool.reported_at shown=As::Second/></Cell>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(upstream: &str, workers: u32, breaker: v1::Breaker) -> v1::EdgePool {
        v1::EdgePool {
            upstream: upstream.to_owned(),
            state: Some(v1::PoolState {
                workers,
                max_workers: 4,
                starting: 1,
                queued: 2,
                breaker: breaker.into(),
                ..v1::PoolState::default()
            }),
            ..v1::EdgePool::default()
        }
    }

    #[test]
    fn edges_are_added_up_by_upstream() {
        let pools = [
            pool("a", 1, v1::Breaker::Closed),
            pool("b", 0, v1::Breaker::HalfOpen),
            pool("a", 2, v1::Breaker::Open),
        ];
        let sums = Sum::by_upstream(&pools);
        assert_eq!(sums.len(), 2);
        let a = sums["a"];
        assert_eq!((a.workers, a.max_workers, a.queued, a.open), (3, 8, 4, 1));
        assert_eq!(a.said(), "3 of 8, 2 starting");
        assert_eq!(sums["b"].open, 1);
    }
}
