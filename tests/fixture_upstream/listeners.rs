//! Clients that want to hear of changed lists, in the way of their era.

use rmcp::{
    RoleServer,
    service::{Peer, SubscriptionSendError, SubscriptionSink},
};
use std::sync::{Mutex, PoisonError};

#[derive(Clone)]
pub(crate) enum Listener {
    /// Hears everything.
    Session(Peer<RoleServer>),
    /// Hears what it asked for.
    Subscription(SubscriptionSink),
}

#[derive(Clone, Copy)]
pub(crate) enum Change {
    Tools,
    Prompts,
}

#[derive(Default)]
pub(crate) struct Listeners(Mutex<Vec<Listener>>);

impl Listeners {
    pub(crate) fn add(&self, listener: Listener) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(Listener::is_there);
        listeners.push(listener);
    }

    pub(crate) async fn tell(&self, change: Change) {
        let listeners = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for listener in listeners {
            listener.tell(change).await;
        }
    }
}

impl Listener {
    fn is_there(&self) -> bool {
        match self {
            Self::Session(client) => !client.is_transport_closed(),
            Self::Subscription(_) => true,
        }
    }

    /// One that has gone is told nothing, and one that did not ask is not told either.
    async fn tell(&self, change: Change) {
        match (self, change) {
            (Self::Session(client), Change::Tools) => {
                let _ = client.notify_tool_list_changed().await;
            }
            (Self::Session(client), Change::Prompts) => {
                let _ = client.notify_prompt_list_changed().await;
            }
            (Self::Subscription(sink), Change::Tools) => {
                let _: Result<(), SubscriptionSendError> = sink.notify_tool_list_changed().await;
            }
            (Self::Subscription(sink), Change::Prompts) => {
                let _: Result<(), SubscriptionSendError> = sink.notify_prompt_list_changed().await;
            }
        }
    }
}
