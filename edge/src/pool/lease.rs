//! Who may use which worker: the choice, the queue, and the value that proves a place.

mod choice;
mod listening;
mod same_worker;
mod state;

pub(super) use same_worker::EXTRA_PLACES;

use super::{Pool, worker::Worker};
use ostia_domain::{
    capability::ClientCapabilities,
    clock,
    upstream::{Era, Isolation, Problem, Stage},
};
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// For whom a worker is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub capabilities: ClientCapabilities,
    pub key: Option<Uuid>,
    pub mcp_session: Option<Uuid>,
    /// A worker of the session's own would be at another edge, or went with this one's last start.
    pub session_moved: bool,
}

/// What callers of one worker have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sharing {
    /// What the worker was told in its handshake that its clients can do.
    pub capabilities: ClientCapabilities,
    /// Whose it is, where callers are kept apart.
    pub owner: Option<Uuid>,
}

/// A place on a worker for one call; dropping it gives the place to the next in the queue.
pub struct Lease {
    worker: Arc<Worker>,
    /// Unset when the place was given back by other means.
    pool: Option<Arc<Pool>>,
    /// Only to hear what the upstream says: callers come first.
    listens: bool,
}

impl Lease {
    pub fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.release(self.worker.id, self.listens);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseError {
    /// Every worker is full and so is the queue, or the wait in it was too long.
    Busy { retry_after: Duration },
    /// No worker runs and none can be started now.
    Unavailable {
        problem: Problem,
        retry_after: Duration,
    },
}

/// A call waits for a worker that is about to be tried again, but not for one that is far off.
const WORTH_WAITING: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct State {
    pub slots: Vec<Slot>,
    /// Workers on their way.
    pub starting: u32,
    /// Workers that take no calls any more and are not gone yet.
    ending: u32,
    queue: VecDeque<Waiter>,
    pub failing: Option<Failing>,
}

/// A call that waits for a worker.
struct Waiter {
    sharing: Sharing,
    lease: oneshot::Sender<Lease>,
}

/// One worker and how much of it is taken.
pub(super) struct Slot {
    pub worker: Arc<Worker>,
    pub sharing: Sharing,
    pub in_flight: u32,
    /// How many of these only listen.
    listening: u32,
    pub idle_since: Instant,
    /// It was asked to end, and still counts until it has.
    leaving: bool,
}

/// The newest starts failed.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    pub times: u32,
    /// When to try again.
    pub until: Instant,
    pub problem: Problem,
}

impl Pool {
    /// A place on a worker: at once where one has room, else after a wait of at most `queue_timeout`.
    pub async fn lease(self: &Arc<Self>, caller: &Caller) -> Result<Lease, LeaseError> {
        let mut pool = self;
        loop {
            let place = pool.place(caller).await;
            match pool.successor.get() {
                Some(next) if place.is_err() => pool = next,
                _ => return place,
            }
        }
    }

    async fn place(self: &Arc<Self>, caller: &Caller) -> Result<Lease, LeaseError> {
        let limits = &self.upstream.pool;
        let sharing = self.sharing(caller);
        let waiting = {
            let mut state = self.state();
            if self.is_retired() {
                return Err(unavailable(retired(), Duration::ZERO));
            }
            if let Some(slot) = state.choose(limits, sharing, self.alone(sharing)) {
                slot.in_flight += 1;
                return Ok(self.leased(Arc::clone(&slot.worker)));
            }
            self.join_queue(&mut state, sharing)?
        };
        metrics::gauge!("ostia_pool_queue", "upstream" => self.upstream.name.to_string())
            .increment(1);
        let outcome = tokio::time::timeout(limits.queue_timeout, waiting).await;
        metrics::gauge!("ostia_pool_queue", "upstream" => self.upstream.name.to_string())
            .decrement(1);
        match outcome {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(_)) => Err(self.unavailable_now()),
            Err(_) => Err(LeaseError::Busy {
                retry_after: Duration::from_secs(1),
            }),
        }
    }

    /// A modern worker is told with each request what its client can do.
    fn sharing(&self, caller: &Caller) -> Sharing {
        let capabilities = match self.known_era() {
            Some(Era::Modern) => ClientCapabilities::NONE,
            Some(Era::Legacy) | None => caller.capabilities,
        };
        let owner = match self.upstream.isolation {
            Isolation::Shared => None,
            Isolation::Key => caller.key,
            Isolation::Session => caller.mcp_session.or(caller.key),
        };
        Sharing {
            capabilities,
            owner,
        }
    }

    /// Whether such callers have a worker for themselves, because it is not told apart otherwise whom
    /// it asks.
    fn alone(&self, sharing: Sharing) -> bool {
        sharing.capabilities.can_be_asked() && self.asks.load(Ordering::Relaxed)
    }

    fn join_queue(
        &self,
        state: &mut State,
        sharing: Sharing,
    ) -> Result<oneshot::Receiver<Lease>, LeaseError> {
        let limits = &self.upstream.pool;
        if !state.has(sharing) && state.starting == 0 {
            let far_off = state
                .backing_off(clock::instant())
                .filter(|wait| *wait > WORTH_WAITING);
            if let (Some(retry_after), Some(failing)) = (far_off, &state.failing) {
                return Err(unavailable(failing.problem.clone(), retry_after));
            }
        }
        if state.queue.len() >= limits.max_queue as usize {
            state.queue.retain(|waiter| !waiter.lease.is_closed());
            if state.queue.len() >= limits.max_queue as usize {
                return Err(LeaseError::Busy {
                    retry_after: limits.queue_timeout,
                });
            }
        }
        let (lease, receiver) = oneshot::channel();
        state.queue.push_back(Waiter { sharing, lease });
        // The maintenance task starts another worker where there may be one.
        self.wake.notify_one();
        Ok(receiver)
    }

    fn unavailable_now(&self) -> LeaseError {
        let state = self.state();
        let wait = state.backing_off(clock::instant()).unwrap_or_default();
        match &state.failing {
            Some(failing) => unavailable(failing.problem.clone(), wait),
            None => unavailable(retired(), wait),
        }
    }

    fn leased(self: &Arc<Self>, worker: Arc<Worker>) -> Lease {
        Lease {
            worker,
            pool: Some(Arc::clone(self)),
            listens: false,
        }
    }

    fn release(self: &Arc<Self>, worker: u64, listened: bool) {
        let mut state = self.state();
        if let Some(at) = state.slots.iter().position(|slot| slot.worker.id == worker) {
            let slot = &mut state.slots[at];
            slot.in_flight -= 1;
            slot.listening -= u32::from(listened);
            if slot.in_flight == 0 {
                slot.idle_since = clock::instant();
                if self.is_retired() {
                    slot.worker.stop.cancel();
                } else if !slot.worker.takes_calls() {
                    state.slots.swap_remove(at).worker.stop.cancel();
                    self.wake.notify_one();
                }
            }
        }
        self.serve_queue(&mut state);
        if state.first_waiter().is_some() {
            self.wake.notify_one();
        }
    }

    /// Gives every free place to whoever waits longest for one like it.
    pub(super) fn serve_queue(self: &Arc<Self>, state: &mut State) {
        let mut waiting = std::mem::take(&mut state.queue);
        while let Some(waiter) = waiting.pop_front() {
            // What the first worker found out may have changed who shares one.
            let sharing = self.known_sharing(waiter.sharing);
            let alone = self.alone(sharing);
            let Some(slot) = state.choose(&self.upstream.pool, sharing, alone) else {
                state.queue.push_back(Waiter { sharing, ..waiter });
                continue;
            };
            // Only counted once somebody has it: a lease that comes back here must not be dropped
            // with its pool, whose lock is held.
            match waiter.lease.send(self.leased(Arc::clone(&slot.worker))) {
                Ok(()) => slot.in_flight += 1,
                Err(mut unwanted) => unwanted.pool = None,
            }
        }
    }

    fn known_sharing(&self, sharing: Sharing) -> Sharing {
        match self.known_era() {
            Some(Era::Modern) => Sharing {
                capabilities: ClientCapabilities::NONE,
                ..sharing
            },
            Some(Era::Legacy) | None => sharing,
        }
    }

    /// Adds a worker that is ready for calls.
    pub(super) fn add_worker(self: &Arc<Self>, worker: Arc<Worker>, sharing: Sharing) {
        let mut state = self.state();
        state.starting -= 1;
        if self.is_retired() {
            worker.stop.cancel();
            return;
        }
        state.slots.push(Slot {
            worker,
            sharing: self.known_sharing(sharing),
            in_flight: 0,
            listening: 0,
            idle_since: clock::instant(),
            leaving: false,
        });
        self.serve_queue(&mut state);
    }

    /// Takes out a worker that ended; its calls have failed already. Says whether it still took calls.
    pub(super) fn remove_worker(&self, worker: u64) -> bool {
        let mut state = self.state();
        let at = state.slots.iter().position(|slot| slot.worker.id == worker);
        let took_calls = at.is_some_and(|at| !state.slots.swap_remove(at).leaving);
        state.ending += 1;
        self.wake.notify_one();
        took_calls
    }

    /// Nothing is left of a worker that was taken out.
    pub(super) fn worker_gone(&self) {
        self.state().ending -= 1;
        self.wake.notify_one();
    }
}

fn unavailable(problem: Problem, retry_after: Duration) -> LeaseError {
    LeaseError::Unavailable {
        problem,
        retry_after,
    }
}

pub(super) fn retired() -> Problem {
    Problem::new(Stage::Start, "the upstream was changed or removed")
}
