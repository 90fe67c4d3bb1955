//! `/api/v1/pools`: what runs of upstreams on edges now.

use super::super::{
    caller::Caller,
    message::Named,
    paging::{List, Listed, Page, Whole},
    problem::Problem,
    text::timestamp,
};
use crate::Site;
use ostia_domain::upstream::{self, Stage};
use ostia_proto::v1;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(of_upstream))
}

/// The workers of one upstream on one edge, as the edge said last.
#[derive(Serialize, ToSchema)]
#[schema(as = EdgePool)]
struct Pool {
    upstream: String,
    edge: String,
    /// UUID of this start of the edge: several may have one name.
    edge_id: String,
    /// That take calls. Over HTTP a worker is a connection.
    workers: u32,
    starting: u32,
    /// That are not gone yet.
    ending: u32,
    /// The bound of all three together.
    max_workers: u32,
    /// Calls that have a worker, and how many one worker may have at once.
    in_flight: u32,
    max_in_flight: u32,
    /// Calls that wait for a worker, and how many may.
    queued: u32,
    max_queue: u32,
    /// Whether workers are started: `closed` (they are), `open` (not for now: the newest starts failed) or
    /// `half-open` (the next is the trial).
    breaker: &'static str,
    /// Why there is no worker, for people.
    problem: Option<String>,
    problem_stage: Option<&'static str>,
    #[schema(format = "date-time")]
    reported_at: Option<String>,
    #[serde(skip)]
    cursor: String,
}

impl Pool {
    /// Names of upstreams have no slash.
    fn cursor(&self) -> &str {
        &self.cursor
    }
}

impl From<v1::EdgePool> for Pool {
    fn from(pool: v1::EdgePool) -> Self {
        let state = pool.state.unwrap_or_default();
        Self {
            cursor: format!("{}/{}/{}", pool.upstream, pool.edge, pool.edge_id),
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

impl Caller {
    async fn pools(&self, upstream: Option<String>) -> Result<Vec<Pool>, Problem> {
        let request = v1::ListPoolsRequest { upstream };
        let listed = self.control.upstreams().list_pools(request).await?;
        let pools = listed.into_inner().pools.into_iter();
        Ok(pools.map(Pool::from).collect())
    }
}

/// List what runs now: the workers of each upstream on each edge, as edges said last.
#[utoipa::path(get, path = "/api/v1/pools", tag = "upstreams", params(Page),
    responses((status = OK, body = List<Pool>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Pool>, Problem> {
    page.by(caller.pools(None).await?, Pool::cursor)
}

/// List what runs now of one upstream, on each edge.
#[utoipa::path(get, path = "/api/v1/upstreams/{upstream}/pools", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id."), Page),
    responses((status = OK, body = List<Pool>)))]
async fn of_upstream(
    caller: Caller,
    Named(upstream): Named<String>,
    page: Whole,
) -> Result<Listed<Pool>, Problem> {
    page.by(caller.pools(Some(upstream)).await?, Pool::cursor)
}
