//! How much a legacy upstream logs: as much as the most curious of its callers wants.

use super::{Outgoing, Slot, Worker};
use crate::mcp::log_level::LogLevel;
use std::sync::{PoisonError, atomic::Ordering};

impl Worker {
    /// The handshake says that the upstream logs on demand.
    pub fn logs(&self) {
        self.logs.store(true, Ordering::Relaxed);
    }

    /// Asks a legacy upstream to log from this level on, unless it does already. It logs for all callers
    /// of the worker alike: who gets what is decided when it comes.
    pub fn want_log(&self, level: LogLevel) {
        if !self.logs.load(Ordering::Relaxed) {
            return;
        }
        {
            let mut current = self
                .log_level
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if current.is_some_and(|current| current <= level) {
                return;
            }
            *current = Some(level);
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        if let Some(waiting) = self.waiting().as_mut() {
            waiting.insert(id, Slot::Ours);
        }
        let line = serde_json::json!({
            "jsonrpc": "2.0", "id": id, "method": "logging/setLevel",
            "params": {"level": level.as_str()}
        });
        self.try_send(Outgoing {
            id: Some(id),
            ..Outgoing::message(line.to_string().into_bytes())
        });
    }
}
