//! The MCP session of a legacy connection: what its upstream gave, and what it takes to get another.

use bytes::Bytes;
use http::HeaderValue;
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) id: Option<HeaderValue>,
    /// The revision that the handshake settled on.
    pub(super) revision: Option<HeaderValue>,
    /// How many there were before.
    pub(super) generation: u64,
}

#[derive(Default)]
pub(super) struct Sessions {
    current: Mutex<Session>,
    /// The `initialize` that opened it, to open another.
    handshake: Mutex<Option<Bytes>>,
}

impl Sessions {
    pub(super) fn current(&self) -> Session {
        self.lock().clone()
    }

    /// A handshake succeeded.
    pub(super) fn open(&self, line: Bytes, id: Option<HeaderValue>, revision: Option<HeaderValue>) {
        let mut current = self.lock();
        let generation = current.generation + 1;
        *current = Session {
            id,
            revision,
            generation,
        };
        *self
            .handshake
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(line);
    }

    pub(super) fn handshake(&self) -> Option<Bytes> {
        let handshake = self.handshake.lock();
        handshake.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Session> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
