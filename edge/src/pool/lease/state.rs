//! What runs of an upstream now, for operators.

use super::{Pool, State};
use ostia_domain::{
    clock,
    upstream::{Breaker, PoolState},
};

impl Pool {
    pub fn running(&self) -> PoolState {
        let problem = self.problem();
        let limits = &self.upstream.pool;
        let state = self.state();
        let taken = state
            .slots
            .iter()
            .map(|slot| slot.in_flight - slot.listening);
        let waiting = state
            .queue
            .iter()
            .filter(|waiter| !waiter.lease.is_closed());
        PoolState {
            upstream_id: self.upstream.id,
            upstream_version: self.upstream.version,
            workers: count(state.slots.len()),
            starting: state.starting,
            ending: state.ending,
            max_workers: limits.max_workers.get(),
            in_flight: taken.sum(),
            max_in_flight: limits.max_in_flight.get(),
            queued: count(waiting.count()),
            max_queue: limits.max_queue,
            breaker: state.breaker(),
            problem,
        }
    }
}

impl State {
    fn breaker(&self) -> Breaker {
        if self.backing_off(clock::instant()).is_some() {
            Breaker::Open
        } else if self.failing.is_some() && self.slots.is_empty() {
            Breaker::HalfOpen
        } else {
            Breaker::Closed
        }
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
