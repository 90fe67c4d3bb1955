//! Which worker a caller gets, and which one makes room.

use super::{Sharing, Slot, State};
use ostia_domain::upstream::PoolLimits;
use std::time::{Duration, Instant};

impl State {
    /// The least busy worker with room for such a caller. One that nobody owned yet is theirs from now
    /// on, where callers are kept apart.
    pub(super) fn choose(
        &mut self,
        limits: &PoolLimits,
        sharing: Sharing,
        alone: bool,
    ) -> Option<&mut Slot> {
        let room = if alone { 1 } else { limits.max_in_flight.get() };
        let slot = self
            .slots
            .iter_mut()
            .filter(|slot| slot.in_flight < room && slot.worker.takes_calls())
            .filter(|slot| slot.sharing.capabilities == sharing.capabilities)
            .filter(|slot| slot.sharing.owner == sharing.owner || slot.sharing.owner.is_none())
            .min_by_key(|slot| (slot.sharing.owner.is_none(), slot.in_flight))?;
        // Whoever had it before may still be there.
        if slot.sharing.owner != sharing.owner && slot.in_flight > 0 {
            return None;
        }
        slot.sharing.owner = sharing.owner;
        Some(slot)
    }

    /// Who waits longest.
    pub fn first_waiter(&self) -> Option<Sharing> {
        self.queue
            .iter()
            .find(|waiter| !waiter.lease.is_closed())
            .map(|waiter| waiter.sharing)
    }

    /// Makes room for a worker of another kind: stops one that nobody calls, and that had no task for so
    /// long.
    pub fn evict(&mut self, wanted: Sharing, idle: Duration) {
        let mut unused = self
            .slots
            .iter_mut()
            .filter(|slot| slot.in_flight == slot.listening && slot.sharing != wanted)
            .filter(|slot| !slot.worker.had_task(idle));
        if let Some(slot) = unused.find(|slot| !slot.worker.ended()) {
            slot.leaving = true;
            slot.worker.stop.cancel();
        }
    }

    /// Workers that run, are on their way, or are not gone yet.
    pub fn size(&self) -> u32 {
        u32::try_from(self.slots.len())
            .unwrap_or(u32::MAX)
            .saturating_add(self.starting)
            .saturating_add(self.ending)
    }

    /// How long no start is to be tried.
    pub fn backing_off(&self, now: Instant) -> Option<Duration> {
        self.failing
            .as_ref()?
            .until
            .checked_duration_since(now)
            .filter(|wait| !wait.is_zero())
    }

    /// Whether a worker runs that such a caller could share.
    pub fn has(&self, sharing: Sharing) -> bool {
        self.slots.iter().any(|slot| slot.sharing == sharing)
    }

    /// Workers that nobody in particular has.
    pub fn common(&self) -> usize {
        let common = self
            .slots
            .iter()
            .filter(|slot| slot.sharing == Sharing::default());
        common.count()
    }

    /// Everybody who waits hears at once that there will be no worker.
    pub fn fail_all(&mut self) {
        self.queue.clear();
    }

    /// Everybody who waits for such a worker hears at once that there will be none.
    pub fn fail_queue(&mut self, sharing: Sharing) {
        if !self.has(sharing) {
            self.queue.retain(|waiter| waiter.sharing != sharing);
        }
    }
}
