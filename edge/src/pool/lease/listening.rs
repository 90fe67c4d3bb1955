//! Places for those who only listen.

use super::{Caller, Lease};
use crate::pool::Pool;
use std::sync::Arc;

impl Pool {
    /// A place on a worker to hear what the upstream says. Nobody's worker is stopped for it, and it is no
    /// reason to keep a worker that a caller needs the room of. `None`: there is no room to spare.
    pub async fn listen(self: &Arc<Self>) -> Option<Lease> {
        let nobody = Caller::default();
        let sharing = self.sharing(&nobody);
        let has_place = {
            let mut state = self.state();
            let limits = &self.upstream.pool;
            state.choose(limits, sharing, false).is_some()
                || state.starting > 0
                || state.size() < limits.max_workers.get()
        };
        if !has_place {
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
