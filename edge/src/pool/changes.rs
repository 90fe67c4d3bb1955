//! What upstreams say about themselves outside of any call: that a list changed, or a resource.

use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

/// Changes a slow listener may be behind before it misses some and has to look at everything.
const BUFFER: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Tools,
    Prompts,
    Resources,
    /// A resource that somebody subscribed to, by the upstream's own URI.
    Updated(String),
    /// A task of a legacy upstream gets on.
    Task {
        /// That has it.
        worker: Uuid,
        /// The upstream's own id, as JSON.
        own: String,
        /// The notification.
        line: Bytes,
    },
}

impl Change {
    /// Whether a list is said to be another.
    pub fn is_list(&self) -> bool {
        match self {
            Self::Tools | Self::Prompts | Self::Resources => true,
            Self::Updated(_) | Self::Task { .. } => false,
        }
    }
}

/// Of one pool, from all its workers.
pub struct Changes {
    /// A list may be different from what is known: an upstream said so, or a new worker may be of a
    /// newer release.
    pub rediscover: Notify,
    /// An upstream said that its tools changed, since this was asked last.
    tools_changed: AtomicBool,
    said: broadcast::Sender<Change>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            rediscover: Notify::new(),
            tools_changed: AtomicBool::new(true),
            said: broadcast::Sender::new(BUFFER),
        }
    }
}

impl Changes {
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.said.subscribe()
    }

    /// Whether the tools may be others than when this was asked last.
    pub fn take_tools_changed(&self) -> bool {
        self.tools_changed.swap(false, Ordering::Relaxed)
    }

    pub(super) fn say(&self, change: Change) {
        if change == Change::Tools {
            self.tools_changed.store(true, Ordering::Relaxed);
        }
        if change.is_list() {
            self.rediscover.notify_one();
        }
        // Nobody may be listening.
        let _ = self.said.send(change);
    }
}
