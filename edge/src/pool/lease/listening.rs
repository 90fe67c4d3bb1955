//! Places for those who only listen.

use super::{Caller, Lease};
use crate::pool::Pool;
use std::sync::Arc;

impl Pool {
    /// Whether there is a place for such a caller without stopping a worker of others.
    pub fn has_place(&self, caller: &Caller) -> bool {
        let sharing = self.sharing(caller);
        let limits = &self.upstream.pool;
        let mut state = self.state();
        state.choose(limits, sharing, false).is_some() || state.size() < limits.max_workers.get()
    }

    /// A place on a worker to hear what the upstream says. Nobody's worker is stopped for it, and it is no
    /// reason to keep a worker that a caller needs the room of. `None`: there is no room to spare.
    pub async fn listen(self: &Arc<Self>) -> Option<Lease> {
        let nobody = Caller::default();
        let is_starting = self.state().starting > 0;
        if !is_starting && !self.has_place(&nobody) {
            return None;
        }
        let mut lease = self.lease(&nobody).await.ok()?;
        let mut state = self.state();
        let slot = state.slots.iter_mut();
        let mut slot = slot.filter(|slot| slot.worker.id == lease.worker.id);
        slot.next()?.listening += 1;
        lease.listens = true;
        Some(lease)
    }
}
