//! A place on the worker that has something already: a task lives in the process that took its call.

use super::{Caller, Lease, LeaseError, Pool, Worker};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Requests that a worker takes about what it has, beside its calls.
pub(in crate::pool) const EXTRA_PLACES: u32 = 16;

impl Pool {
    /// A worker that runs.
    pub fn worker(&self, name: Uuid) -> Option<Arc<Worker>> {
        let state = self.state();
        let slot = state.slots.iter().find(|slot| slot.worker.name == name)?;
        (!slot.worker.ended()).then(|| Arc::clone(&slot.worker))
    }

    /// A place on one worker and no other, for what is in its process; `None` where it ended, or is not for
    /// this caller. At once: whoever asks how a call gets on must not wait for that call's own place.
    pub fn lease_on(
        self: &Arc<Self>,
        worker: Uuid,
        caller: &Caller,
    ) -> Result<Option<Lease>, LeaseError> {
        let owner = self.sharing(caller).owner;
        let room = self.upstream.pool.max_in_flight.get() + EXTRA_PLACES;
        let mut state = self.state();
        let mut slots = state.slots.iter_mut();
        let Some(slot) = slots
            .find(|slot| slot.worker.name == worker && slot.sharing.owner == owner)
            .filter(|slot| !slot.worker.ended())
        else {
            return Ok(None);
        };
        if slot.in_flight >= room {
            return Err(LeaseError::Busy {
                retry_after: Duration::from_secs(1),
            });
        }
        slot.in_flight += 1;
        slot.worker.has_task();
        Ok(Some(self.leased(Arc::clone(&slot.worker))))
    }
}
