//! What happened, written down: one record per request, handed to control in batches.
//!
//! A request puts its record into a buffer in memory and goes on. A task empties the buffer into
//! control, or into files while control is away. What neither takes goes back into the buffer. When it
//! is full, new requests wait a moment for room and are then refused: what cannot be recorded does not
//! happen.

mod buffer;
pub(crate) mod entry;
mod flush;
mod open;
mod spool;

pub use open::OpenRecord;

use crate::metrics::RequestCounters;
use crate::{call::Arrival, error::StartError};
use buffer::Buffer;
use ostia_proto::ControlClient;
use std::{path::Path, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a record may wait for others.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// Shared by every request.
pub struct Recorder {
    buffer: Buffer,
    metrics: RequestCounters,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Recorder {
    pub fn start(control: ControlClient, spool_dir: &Path) -> Result<Arc<Self>, StartError> {
        let spool = spool::Spool::open(spool_dir)
            .map_err(|error| StartError::Spool(spool_dir.display().to_string(), error))?;
        let recorder = Arc::new(Self {
            buffer: Buffer::default(),
            metrics: RequestCounters::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        recorder
            .tasks
            .spawn(flush::run(Arc::clone(&recorder), control, spool));
        Ok(recorder)
    }

    /// Begins the record of a request. It writes itself down when it is dropped.
    pub fn open(self: &Arc<Self>, arrival: &Arrival) -> OpenRecord {
        OpenRecord::new(Arc::clone(self), arrival)
    }

    /// Whether there is room for another record; waits for it for a moment while records go.
    pub async fn has_room(&self) -> bool {
        self.buffer.has_room().await
    }

    /// Hands over everything that waits, to control or to disk, and stops.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
