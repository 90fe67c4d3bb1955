//! Whether this process should be sent traffic.

use crate::config::Roles;
use ostia_control::Control;
use ostia_edge::{Edge, Serving};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;

/// What is known of the roles of this process; each reports once when it runs.
pub(crate) struct Health {
    asked_to_stop: CancellationToken,
    stopping: AtomicBool,
    expected: OnceLock<Roles>,
    control: OnceLock<Control>,
    edge: OnceLock<Arc<Edge>>,
    web: AtomicBool,
}

impl Health {
    pub(crate) fn new(asked_to_stop: CancellationToken) -> Self {
        Self {
            asked_to_stop,
            stopping: AtomicBool::new(false),
            expected: OnceLock::new(),
            control: OnceLock::new(),
            edge: OnceLock::new(),
            web: AtomicBool::new(false),
        }
    }

    pub(crate) fn expect(&self, roles: Roles) {
        let _ = self.expected.set(roles);
    }

    pub(crate) fn control_runs(&self, control: Control) {
        let _ = self.control.set(control);
    }

    pub(crate) fn edge_runs(&self, edge: Arc<Edge>) {
        let _ = self.edge.set(edge);
    }

    pub(crate) fn web_runs(&self) {
        self.web.store(true, Ordering::Release);
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire) || self.asked_to_stop.is_cancelled()
    }

    /// The snapshot that the edge of this process serves, if it does.
    pub(crate) fn snapshot(&self) -> Option<Serving> {
        self.edge.get()?.snapshot()
    }

    /// Each role of this process and whether it can do its work now.
    pub(crate) async fn roles(&self) -> Vec<(&'static str, bool)> {
        let Some(expected) = self.expected.get() else {
            return Vec::new();
        };
        let mut roles = Vec::new();
        if expected.control {
            let ready = match self.control.get() {
                Some(control) => control.ready().await,
                None => false,
            };
            roles.push(("control", ready));
        }
        if expected.edge {
            roles.push(("edge", self.edge.get().is_some_and(|edge| edge.ready())));
        }
        if expected.web {
            roles.push(("web", self.web.load(Ordering::Acquire)));
        }
        roles
    }
}
