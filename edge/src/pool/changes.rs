//! What upstreams say about themselves outside of any call: that a list changed, or a resource.

use tokio::sync::{Notify, broadcast};

/// Changes a slow listener may be behind before it misses some and has to look at everything.
const BUFFER: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Tools,
    Prompts,
    Resources,
    /// A resource that somebody subscribed to, by the upstream's own URI.
    Updated(String),
}

/// Of one pool, from all its workers.
pub struct Changes {
    /// A list may be different from what is known: an upstream said so, or a new worker may be of a
    /// newer release.
    pub rediscover: Notify,
    said: broadcast::Sender<Change>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            rediscover: Notify::new(),
            said: broadcast::Sender::new(BUFFER),
        }
    }
}

impl Changes {
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.said.subscribe()
    }

    pub(super) fn say(&self, change: Change) {
        if !matches!(change, Change::Updated(_)) {
            self.rediscover.notify_one();
        }
        // Nobody may be listening.
        let _ = self.said.send(change);
    }
}
