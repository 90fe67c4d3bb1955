//! One task per pool: starts workers that are missing and stops those that are not needed.

use super::{
    Pool,
    lease::{Failing, Sharing},
};
use ostia_domain::{
    clock,
    upstream::{Problem, Stage},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const TICK: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// Calls of a retired pool get so long to end.
const RETIREMENT: Duration = Duration::from_secs(30);

pub(super) async fn run(pool: Arc<Pool>) {
    while !pool.retired.is_cancelled() {
        let wait = pool.maintain();
        tokio::select! {
            () = pool.wake.notified() => {}
            () = pool.retired.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    pool.stop_idle(Duration::ZERO, 0);
    tokio::select! {
        () = pool.emptied() => {}
        () = pool.stop.cancelled() => {}
        () = tokio::time::sleep(RETIREMENT) => pool.stop.cancel(),
    }
}

impl Pool {
    /// Does what is due and says when to look again.
    fn maintain(self: &Arc<Self>) -> Duration {
        let limits = &self.upstream.pool;
        self.stop_idle(limits.idle_timeout, limits.min_idle as usize);
        if let Some(client) = self.http.get() {
            client.close_idle();
        }
        let mut state = self.state();
        if let Some(wait) = state.backing_off(clock::instant()) {
            return wait.min(TICK);
        }
        // One at a time beyond the floor: what a call waits for may be free again before it is up.
        let mut missing = Vec::new();
        if let Some(wanted) = state.first_waiter().filter(|_| state.starting == 0) {
            if state.size() >= limits.max_workers.get() {
                state.evict(wanted, limits.idle_timeout);
            }
            if state.size() < limits.max_workers.get() {
                missing.push(wanted);
            }
        }
        let room = limits.max_workers.get().saturating_sub(state.size()) as usize;
        let below_floor = (limits.min_idle as usize)
            .saturating_sub(state.common() + state.starting as usize + missing.len())
            .min(room.saturating_sub(missing.len()));
        missing.resize(missing.len() + below_floor, Sharing::default());
        state.starting += u32::try_from(missing.len()).unwrap_or(0);
        drop(state);
        for sharing in missing {
            let pool = Arc::clone(self);
            self.shared
                .tasks
                .spawn(async move { pool.start_and_add(sharing).await });
        }
        TICK
    }

    /// Resolves when no worker of a retired pool has a call any more.
    async fn emptied(&self) {
        while self.state().size() > 0 {
            self.wake.notified().await;
        }
    }

    async fn start_and_add(self: &Arc<Self>, sharing: Sharing) {
        let started = tokio::select! {
            started = self.start_worker(sharing.capabilities) => started,
            () = self.retired.cancelled() => Err(super::lease::retired()),
        };
        match started {
            Ok(worker) if !worker.ended() => {
                self.tell_reachable(true);
                self.add_worker(worker, sharing);
                // What others see is found out on the way.
                if sharing == Sharing::default() {
                    self.changes.rediscover.notify_one();
                }
            }
            Ok(_) => {
                let text = "it ended as soon as it was ready";
                self.start_failed(sharing, Problem::new(Stage::Run, text));
            }
            Err(problem) => self.start_failed(sharing, problem),
        }
        self.wake.notify_one();
    }

    fn start_failed(&self, sharing: Sharing, problem: Problem) {
        self.note_failure(problem);
        let mut state = self.state();
        state.starting -= 1;
        state.fail_queue(sharing);
    }

    /// Puts the next start off: not after the first failure, then longer with each.
    pub(super) fn note_failure(&self, problem: Problem) {
        if self.retired.is_cancelled() {
            return;
        }
        let (upstream, at) = (&self.upstream.name, problem.stage.as_str());
        tracing::warn!(%upstream, stage = at, %problem, "the upstream has no worker");
        self.tell_reachable(false);
        let mut state = self.state();
        let times = state
            .failing
            .as_ref()
            .map_or(1, |failing| failing.times.saturating_add(1));
        let until = clock::instant() + backoff(times);
        state.failing = Some(Failing {
            times,
            until,
            problem,
        });
        drop(state);
        // Whoever lists it hears of it too, and says so; later on it is tried again from there.
        if times == 1 {
            self.changes.rediscover.notify_one();
        }
    }

    fn tell_reachable(&self, reachable: bool) {
        if self.trial {
            return;
        }
        let name = self.upstream.name.to_string();
        metrics::gauge!("ostia_upstream_reachable", "upstream" => name).set(f64::from(reachable));
    }

    /// What the newest failed start said; unset while a worker runs and there is a credential for it.
    pub fn problem(&self) -> Option<Problem> {
        if let Some(problem) = self.tokens.as_ref().and_then(|tokens| tokens.problem()) {
            return Some(Problem::new(Stage::Authorize, problem));
        }
        let state = self.state();
        if !state.slots.is_empty() {
            return None;
        }
        state
            .failing
            .as_ref()
            .map(|failing| failing.problem.clone())
    }

    /// Stops workers that had no call for `idle`, but leaves `keep` of those that nobody in particular
    /// has.
    fn stop_idle(&self, idle: Duration, keep: usize) {
        let now = clock::instant();
        let mut state = self.state();
        forget_old_failures(&mut state.failing, now);
        let mut spare = state.common().saturating_sub(keep);
        state.slots.retain(|slot| {
            let unused = slot.in_flight == 0 && now.duration_since(slot.idle_since) >= idle;
            let common = slot.sharing == Sharing::default();
            let stop = unused && (!common || spare > 0);
            if stop {
                slot.worker.stop.cancel();
                spare -= usize::from(common);
            }
            !stop
        });
    }
}

/// A failure that is long past does not count against the next one.
fn forget_old_failures(failing: &mut Option<Failing>, now: Instant) {
    if failing
        .as_ref()
        .is_some_and(|f| now.saturating_duration_since(f.until) > MAX_BACKOFF)
    {
        *failing = None;
    }
}

fn backoff(times: u32) -> Duration {
    let factor = 1u32 << times.saturating_sub(2).min(10);
    match times {
        0 | 1 => Duration::ZERO,
        _ => (Duration::from_millis(200) * factor).min(MAX_BACKOFF),
    }
}
