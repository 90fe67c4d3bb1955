//! Requests of legacy sessions that their clients can cancel by id.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The session, and the id as the client wrote it.
type Name = (Uuid, Box<str>);

#[derive(Default)]
pub struct InFlight {
    requests: Mutex<HashMap<Name, Vec<(u64, CancellationToken)>>>,
    next: AtomicU64,
}

/// One request; dropping it takes the request out.
pub struct Entry {
    in_flight: Arc<InFlight>,
    name: Name,
    number: u64,
    token: CancellationToken,
}

impl Entry {
    /// Resolves when the client cancels the request.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }
}

impl InFlight {
    pub fn enter(self: &Arc<Self>, session: Uuid, id: &str) -> Entry {
        let entry = Entry {
            in_flight: Arc::clone(self),
            name: (session, id.into()),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            token: CancellationToken::new(),
        };
        self.requests()
            .entry(entry.name.clone())
            .or_default()
            .push((entry.number, entry.token.clone()));
        entry
    }

    /// Cancels the request of that id. Some clients give all theirs one id: of several, none is meant.
    pub fn cancel(&self, session: Uuid, id: &str) -> bool {
        let requests = self.requests();
        match requests.get(&(session, id.into())).map(Vec::as_slice) {
            Some([(_, only)]) => {
                only.cancel();
                true
            }
            _ => false,
        }
    }

    /// Cancels all that is left of a session: nobody can pick its answers up any more.
    pub fn end(&self, session: Uuid) {
        let requests = self.requests();
        let of_it = requests.iter().filter(|((of, _), _)| *of == session);
        for (_, token) in of_it.flat_map(|(_, same)| same) {
            token.cancel();
        }
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Vec<(u64, CancellationToken)>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut requests = self.in_flight.requests();
        if let Some(same) = requests.get_mut(&self.name) {
            same.retain(|(number, _)| *number != self.number);
            if same.is_empty() {
                requests.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_that_is_meant_for_sure_is_cancelled() {
        let in_flight = Arc::new(InFlight::default());
        let (session, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = in_flight.enter(session, "1");
        let second = in_flight.enter(session, "1");
        assert!(!in_flight.cancel(session, "1"));
        drop(first);
        assert!(!in_flight.cancel(other, "1"));
        assert!(in_flight.cancel(session, "1"));
        assert!(second.token.is_cancelled());
        drop(second);
        assert!(!in_flight.cancel(session, "1"));
        assert!(in_flight.requests().is_empty());
    }
}
