//! One watch: what happened since its peer took the last event.
//!
//! Nothing is buffered for a peer that does not take its events. It gets all changes of the snapshot as one
//! when it comes back, and when it missed changes of keys it is ended: it will begin again with nothing.

use super::{Has, Hub, Told};
use ostia_domain::{clock, snapshot::Change};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch as latest,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What a watch begins with is as of this long ago at most.
const FRESH: Duration = Duration::from_secs(1);
/// The contract says 5 s.
const HEARTBEAT: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub(crate) enum Event {
    Snapshot(Arc<Told>),
    Change(Arc<Change>),
    /// Empty: any key may have changed.
    KeysChanged(Arc<[Uuid]>),
    /// The database was looked at since the event before.
    Heartbeat,
}

/// The peer missed changes of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

pub(crate) struct Subscription {
    told: latest::Receiver<Arc<Told>>,
    /// What the peer has, with all that it was sent.
    has: Option<Has>,
    keys: broadcast::Receiver<Arc<[Uuid]>>,
    looked: latest::Receiver<Instant>,
    started: bool,
    last_event: Instant,
    closed: CancellationToken,
    listener: CancellationToken,
}

impl Subscription {
    pub(super) fn new(hub: &Hub, has: Option<Has>, listener: CancellationToken) -> Self {
        Self {
            // Before the first snapshot is read, so that no change falls between the two.
            keys: hub.keys.subscribe(),
            told: hub.told.subscribe(),
            has,
            looked: hub.looked.subscribe(),
            started: false,
            last_event: clock::instant(),
            closed: hub.closed.clone(),
            listener,
        }
    }

    /// The next event, a snapshot first, or a change to the one that the peer has. `None`: control or the listener is stopping.
    pub(crate) async fn next(&mut self) -> Option<Result<Event, TooSlow>> {
        let event = if self.started {
            self.wait().await?
        } else {
            self.started = true;
            self.freshness().await?;
            Ok(self.newest())
        };
        self.last_event = clock::instant();
        Some(event)
    }

    async fn wait(&mut self) -> Option<Result<Event, TooSlow>> {
        loop {
            tokio::select! {
                biased;
                () = self.closed.cancelled() => return None,
                () = self.listener.cancelled() => return None,
                // Revocations before anything else.
                keys = self.keys.recv() => return match keys {
                    Ok(keys) => Some(Ok(Event::KeysChanged(keys))),
                    Err(RecvError::Lagged(_)) => Some(Err(TooSlow)),
                    Err(RecvError::Closed) => None,
                },
                changed = self.told.changed() => return match changed {
                    Ok(()) => Some(Ok(self.newest())),
                    Err(_) => None,
                },
                changed = self.looked.changed() => match changed {
                    Ok(()) if self.last_event.elapsed() >= HEARTBEAT => {
                        return Some(Ok(Event::Heartbeat));
                    }
                    Ok(()) => {}
                    Err(_) => return None,
                },
            }
        }
    }

    /// Waits until the database was looked at lately. A control that lost it must not tell an edge that what
    /// it knows is how things are.
    async fn freshness(&mut self) -> Option<()> {
        while self.looked.borrow_and_update().elapsed() > FRESH {
            tokio::select! {
                () = self.closed.cancelled() => return None,
                () = self.listener.cancelled() => return None,
                changed = self.looked.changed() => changed.ok()?,
            }
        }
        Some(())
    }

    fn newest(&mut self) -> Event {
        let told = self.told.borrow_and_update().clone();
        let change = self.has.and_then(|has| told.since(has));
        self.has = Some(told.has());
        match change {
            Some(change) => Event::Change(change),
            None => Event::Snapshot(told),
        }
    }
}
