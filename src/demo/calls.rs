//! Requests in flight: what cancels them, and where their answers go.

use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// Lines that wait for a reader of stdout; whoever has one more waits.
const WAITING_LINES: usize = 256;

/// The way to stdout.
#[derive(Clone)]
pub(crate) struct Outgoing(mpsc::Sender<Vec<u8>>);

impl Outgoing {
    pub(crate) async fn send(&self, message: &Value) {
        let mut line = message.to_string().into_bytes();
        line.push(b'\n');
        // It fails when nobody reads stdout any more; then stdin ends soon, too.
        let _ = self.0.send(line).await;
    }
}

pub(crate) fn outgoing() -> (Outgoing, mpsc::Receiver<Vec<u8>>) {
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    (Outgoing(sender), receiver)
}

/// Writes lines until every sender is gone, flushing when none waits.
pub(crate) async fn write_lines(
    mut lines: mpsc::Receiver<Vec<u8>>,
    mut stdout: impl AsyncWrite + Unpin,
) {
    while let Some(mut line) = lines.recv().await {
        while let Ok(more) = lines.try_recv() {
            line.extend(more);
        }
        if stdout.write_all(&line).await.is_err() || stdout.flush().await.is_err() {
            return;
        }
    }
}

/// The calls that `notifications/cancelled` can end, by id as JSON text.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashMap<String, CancellationToken>>>);

impl InFlight {
    pub(crate) fn begin(&self, id: &Value) -> Running {
        let cancelled = CancellationToken::new();
        let key = id.to_string();
        self.with(|calls| calls.insert(key.clone(), cancelled.clone()));
        Running {
            calls: self.clone(),
            key,
            cancelled,
        }
    }

    pub(crate) fn cancel(&self, id: &Value) {
        if let Some(call) = self.with(|calls| calls.remove(&id.to_string())) {
            call.cancel();
        }
    }

    fn with<R>(&self, act: impl FnOnce(&mut HashMap<String, CancellationToken>) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One call; it is forgotten when this goes.
pub(crate) struct Running {
    calls: InFlight,
    key: String,
    cancelled: CancellationToken,
}

impl Running {
    pub(crate) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.with(|calls| calls.remove(&self.key));
    }
}
