//! The workers of each upstream: started, shared, bounded and ended.
//!
//! ```text
//! Pools ── Pool (one per version of an upstream) ── Worker (a process) ── Lease (one call)
//! ```
//! A call takes a [`Lease`] and gives it back by dropping it. Beyond `max_in_flight` of every worker
//! and `max_workers`, calls wait in a queue that is bounded in length and in time.

pub mod changes;
pub mod guard;
mod http;
mod io;
mod lease;
mod maintain;
pub mod pending;
mod redact;
mod signal;
mod spawn;
mod start;
mod stderr;
mod supervise;
pub mod watched;
pub mod worker;

pub use lease::{Caller, Lease, LeaseError};

use crate::{
    error::StartError,
    upstream::{catalogue::Unlisted, handshake::Introduction},
};
use changes::Changes;
use guard::Guard;
use http::{grant::Grant, tokens::Tokens};
use lease::State;
use ostia_domain::{
    credential::Credential,
    upstream::{Era, PoolState, Protocol, Transport, Upstream, WorkerLine},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use stderr::Output;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use watched::Watched;

/// What all pools of an edge share.
struct Shared {
    own_program: PathBuf,
    guard: Guard,
    tasks: TaskTracker,
    /// Workers of every pool end now, also of those that were retired before.
    stop: CancellationToken,
    next_worker: AtomicU64,
}

pub struct Pools {
    shared: Arc<Shared>,
    pools: Mutex<HashMap<Uuid, Arc<Pool>>>,
}

impl Pools {
    pub fn start(own_program: &Path) -> Result<Self, StartError> {
        let shared = Shared {
            own_program: own_program.to_owned(),
            guard: Guard::start(own_program)?,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            next_worker: AtomicU64::new(1),
        };
        Ok(Self {
            shared: Arc::new(shared),
            pools: Mutex::default(),
        })
    }

    /// Makes the pools match these definitions: keeps those that are the same, retires those that
    /// changed or went, and answers with the pool of each enabled upstream. `era` is what was found
    /// out before.
    pub fn reconcile(
        &self,
        upstreams: &[(Arc<Upstream>, Option<Era>)],
    ) -> HashMap<Uuid, Arc<Pool>> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = HashMap::new();
        for (upstream, era) in upstreams.iter().filter(|(upstream, _)| upstream.enabled) {
            let pool = match pools.remove(&upstream.id) {
                Some(pool) if pool.upstream.version == upstream.version => pool,
                old => {
                    let shared = Arc::clone(&self.shared);
                    let new = Pool::new(Arc::clone(upstream), *era, shared, false);
                    if let Some(old) = old {
                        old.retire_for(&new);
                    }
                    new
                }
            };
            next.insert(upstream.id, pool);
        }
        for (_, gone) in pools.drain() {
            gone.retire();
        }
        pools.clone_from(&next);
        next
    }

    /// What runs of each upstream.
    pub fn running(&self) -> Vec<PoolState> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let pools: Vec<_> = pools.values().cloned().collect();
        pools.iter().map(|pool| pool.running()).collect()
    }

    /// What workers of this upstream wrote to stderr last, oldest first.
    pub fn output(&self, upstream: Uuid) -> Vec<WorkerLine> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = pools.get(&upstream);
        pool.map(|pool| pool.output.lines()).unwrap_or_default()
    }

    /// A pool of its own for a definition that is only tried, to be retired after that.
    pub fn trial(&self, mut upstream: Upstream, patience: Duration) -> Arc<Pool> {
        upstream.pool.min_idle = 0;
        upstream.pool.queue_timeout = patience;
        Pool::new(Arc::new(upstream), None, Arc::clone(&self.shared), true)
    }

    /// Ends all workers and waits until the last is reaped.
    pub async fn shutdown(&self) {
        for (_, pool) in self
            .pools
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain()
        {
            pool.retire();
        }
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

#[derive(Clone, Debug, Default)]
struct Known {
    era: Option<Era>,
    introduction: Introduction,
}

/// The workers of one version of one upstream's definition.
pub struct Pool {
    pub upstream: Arc<Upstream>,
    shared: Arc<Shared>,
    state: Mutex<State>,
    /// What is known of the upstream from its workers.
    known: Mutex<Known>,
    /// What its workers over HTTP share: connections outlive the worker that opened them.
    http: OnceLock<http::Client>,
    /// Wakes the maintenance task.
    wake: Notify,
    /// Of an upstream that wants access tokens.
    tokens: Option<Arc<Tokens>>,
    pub changes: Arc<Changes>,
    pub watched: Arc<Watched>,
    pub unlisted: Unlisted,
    output: Output,
    /// Of a definition that nobody calls: what becomes of it is in no metric.
    trial: bool,
    /// The upstream asks its clients, and not always so that it is clear whom.
    asks: Arc<AtomicBool>,
    /// No more leases; workers end when their calls have.
    retired: CancellationToken,
    /// Has the calls that come to this one after it was retired: for the same server, which is given
    /// something else. Set before it is retired.
    successor: OnceLock<Arc<Self>>,
    /// Workers end now.
    stop: CancellationToken,
}

impl Pool {
    fn new(
        upstream: Arc<Upstream>,
        era: Option<Era>,
        shared: Arc<Shared>,
        trial: bool,
    ) -> Arc<Self> {
        let era = configured_era(&upstream).or(era);
        let changes = Arc::default();
        let pool = Arc::new(Self {
            tokens: tokens(&upstream, &changes, &shared),
            upstream,
            state: Mutex::default(),
            known: Mutex::new(Known {
                era,
                introduction: Introduction::default(),
            }),
            http: OnceLock::new(),
            wake: Notify::new(),
            changes,
            watched: Arc::default(),
            unlisted: Unlisted::default(),
            output: Output::default(),
            trial,
            asks: Arc::default(),
            retired: CancellationToken::new(),
            successor: OnceLock::new(),
            stop: shared.stop.child_token(),
            shared,
        });
        pool.shared.tasks.spawn(maintain::run(Arc::clone(&pool)));
        pool
    }

    /// The era that workers speak. A worker that can be leased has found it out.
    pub fn era(&self) -> Era {
        self.known_era().unwrap_or(Era::Legacy)
    }

    /// What the server said about itself when it was met last.
    pub fn introduction(&self) -> Introduction {
        self.known().introduction.clone()
    }

    fn known_era(&self) -> Option<Era> {
        self.known().era
    }

    fn learn(&self, era: Era, introduction: Introduction) {
        *self.known() = Known {
            era: Some(era),
            introduction,
        };
    }

    fn forget_probed_era(&self) {
        self.known().era = configured_era(&self.upstream);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_worker_id(&self) -> u64 {
        self.shared.next_worker.fetch_add(1, Ordering::Relaxed)
    }

    pub fn retire(&self) {
        self.retired.cancel();
        self.state().fail_all();
        self.wake.notify_one();
    }

    /// Whoever still comes here, with what was served a moment ago, is passed on where that is the same.
    fn retire_for(&self, new: &Arc<Self>) {
        let (old, changed) = (&self.upstream, &new.upstream);
        let ways = [old, changed].map(|of| of.transport.without_credentials());
        if ways[0] == ways[1]
            && (old.protocol, old.isolation) == (changed.protocol, changed.isolation)
        {
            let _ = self.successor.set(Arc::clone(new));
        }
        self.retire();
    }

    pub fn is_retired(&self) -> bool {
        self.retired.is_cancelled()
    }

    /// Resolves when the pool is replaced or removed.
    pub async fn retired(&self) {
        self.retired.cancelled().await;
    }
}

fn tokens(upstream: &Upstream, changes: &Arc<Changes>, shared: &Shared) -> Option<Arc<Tokens>> {
    let endpoint = upstream.transport.endpoint()?;
    let Some(Credential::ClientCredentials(credentials)) = &endpoint.credential else {
        return None;
    };
    let grant = Grant::new(credentials, endpoint.allow_private_network);
    let (name, changes) = (upstream.name.clone(), Arc::clone(changes));
    let ends = (shared.tasks.clone(), shared.stop.clone());
    Some(Tokens::new(name, grant, changes, ends))
}

fn configured_era(upstream: &Upstream) -> Option<Era> {
    match upstream.protocol {
        // There is no other over this transport.
        Protocol::Auto if matches!(upstream.transport, Transport::Sse(_)) => Some(Era::Legacy),
        Protocol::Auto => None,
        Protocol::Legacy => Some(Era::Legacy),
        Protocol::Modern => Some(Era::Modern),
    }
}
