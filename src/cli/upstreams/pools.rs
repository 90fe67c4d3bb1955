//! What runs of upstreams on edges now.

use super::super::{show::timestamp, table::Table};
use crate::failure::Failure;
use ostia_domain::upstream::{self, Stage};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

/// The workers of one upstream on one edge, as the edge said last.
#[derive(Serialize)]
pub(crate) struct Pool {
    pub(super) upstream: String,
    edge: String,
    edge_id: String,
    workers: u32,
    starting: u32,
    ending: u32,
    max_workers: u32,
    in_flight: u32,
    max_in_flight: u32,
    queued: u32,
    max_queue: u32,
    breaker: &'static str,
    problem: Option<String>,
    problem_stage: Option<&'static str>,
    reported_at: Option<String>,
}

impl From<v1::EdgePool> for Pool {
    fn from(pool: v1::EdgePool) -> Self {
        let state = pool.state.unwrap_or_default();
        Self {
            breaker: upstream::Breaker::from(state.breaker()).as_str(),
            problem_stage: state.problem_stage().known().map(Stage::as_str),
            upstream: pool.upstream,
            edge: pool.edge,
            edge_id: pool.edge_id,
            workers: state.workers,
            starting: state.starting,
            ending: state.ending,
            max_workers: state.max_workers,
            in_flight: state.in_flight,
            max_in_flight: state.max_in_flight,
            queued: state.queued,
            max_queue: state.max_queue,
            problem: state.problem,
            reported_at: timestamp(pool.reported_at),
        }
    }
}

/// Of one upstream, or of all.
pub(super) async fn list(
    control: &ControlClient,
    upstream: Option<String>,
) -> Result<Vec<Pool>, Failure> {
    let request = v1::ListPoolsRequest { upstream };
    let listed = control.upstreams().list_pools(request).await?;
    let pools = listed.into_inner().pools.into_iter();
    Ok(pools.map(Pool::from).collect())
}

/// On all edges together: workers of how many, calls in them, calls that wait.
pub(super) fn sums(pools: &[Pool]) -> [String; 3] {
    if pools.is_empty() {
        return ["-", "-", "-"].map(str::to_owned);
    }
    let sum = |of: fn(&Pool) -> u32| pools.iter().map(|pool| u64::from(of(pool))).sum::<u64>();
    [
        format!(
            "{}/{}",
            sum(|pool| pool.workers),
            sum(|pool| pool.max_workers)
        ),
        sum(|pool| pool.in_flight).to_string(),
        sum(|pool| pool.queued).to_string(),
    ]
}

pub(super) fn table(pools: &[Pool]) -> String {
    let rows = pools.iter().map(|pool| {
        [
            pool.upstream.clone(),
            pool.edge.clone(),
            format!("{}/{}", pool.workers, pool.max_workers),
            pool.starting.to_string(),
            pool.in_flight.to_string(),
            pool.queued.to_string(),
            pool.breaker.to_owned(),
            pool.problem.clone().unwrap_or_default(),
        ]
    });
    Table::new(
        [
            "UPSTREAM", "EDGE", "WORKERS", "STARTING", "CALLS", "WAITING", "BREAKER", "PROBLEM",
        ],
        "no edge said within 15 s that it runs any",
    )
    .rows(rows)
    .text()
}
