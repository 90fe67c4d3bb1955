//! What runs on edges, as they said last. In memory alone: it is old within seconds.

use crate::{
    app::App,
    error::{Error, Result},
    op::Op,
    store,
};
use ostia_domain::{
    clock::{self, Timestamp},
    upstream::PoolState,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Of one edge; more than it says at once.
const MAX_POOLS: usize = 10_000;
/// Edges whose word is kept. More than any installation has.
const MAX_EDGES: usize = 1_000;
/// Several words of an edge may be lost before it is taken for gone.
const KEPT: Duration = Duration::from_secs(15);
/// Of a problem, which is a text of others.
const MAX_TEXT: usize = 2_000;

/// What each edge said last.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<Uuid, Arc<Said>>>);

struct Said {
    edge: String,
    edge_id: Uuid,
    pools: Vec<PoolState>,
    at: Timestamp,
    heard: Instant,
}

/// One pool of one edge.
pub(crate) struct EdgePool {
    pub(crate) edge: String,
    pub(crate) edge_id: Uuid,
    pub(crate) upstream: String,
    pub(crate) state: PoolState,
    pub(crate) reported_at: Timestamp,
}

impl Pools {
    fn fresh(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Said>>> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, said| said.heard.elapsed() <= KEPT);
        said
    }

    /// When an edge said something last. `None`: not for a while.
    pub(crate) fn heard_at(&self, edge_id: Uuid) -> Option<Timestamp> {
        self.fresh().get(&edge_id).map(|said| said.at)
    }
}

impl App {
    /// Puts what an edge says in the place of what it said before.
    pub(crate) fn report_pools(
        &self,
        op: &Op,
        edge: String,
        edge_id: Uuid,
        mut pools: Vec<PoolState>,
    ) -> Result<()> {
        if pools.len() > MAX_POOLS {
            return Err(Error::invalid(
                "pools",
                format!("are more than {MAX_POOLS}"),
            ));
        }
        for problem in pools.iter_mut().filter_map(|pool| pool.problem.as_mut()) {
            let end = problem.text.floor_char_boundary(MAX_TEXT);
            problem.text.truncate(end);
        }
        let mut said = self.pools.fresh();
        if said.len() >= MAX_EDGES && !said.contains_key(&edge_id) {
            return Err(Error::invalid(
                "edge_id",
                format!("is of more than {MAX_EDGES} edges"),
            ));
        }
        let new = Said {
            edge,
            edge_id,
            pools,
            at: op.now,
            heard: clock::instant(),
        };
        said.insert(edge_id, Arc::new(new));
        Ok(())
    }

    /// By upstream and edge. Pools of upstreams that were removed since are left out.
    pub(crate) async fn list_pools(&self, reference: Option<&str>) -> Result<Vec<EdgePool>> {
        let names: HashMap<Uuid, String> = match reference {
            Some(reference) => {
                let found = store::upstreams::find(self.store.db(), reference).await?;
                let found = found.ok_or_else(|| Error::not_found("upstream", reference))?;
                [(found.upstream.id, found.upstream.name.to_string())].into()
            }
            None => store::upstreams::names(self.store.db()).await?,
        };
        let said: Vec<_> = self.pools.fresh().values().cloned().collect();
        let pools = said.iter().flat_map(|said| {
            let of_edge = |state: &PoolState| {
                Some(EdgePool {
                    edge: said.edge.clone(),
                    edge_id: said.edge_id,
                    upstream: names.get(&state.upstream_id)?.clone(),
                    state: state.clone(),
                    reported_at: said.at,
                })
            };
            said.pools.iter().filter_map(of_edge)
        });
        let mut pools: Vec<_> = pools.collect();
        pools.sort_by(|a, b| {
            (&a.upstream, &a.edge, a.edge_id).cmp(&(&b.upstream, &b.edge, b.edge_id))
        });
        Ok(pools)
    }
}
