//! What happened, written down: one record per request, handed to control in batches.
//!
//! A request puts its record into a buffer in memory and goes on. A task empties the buffer into
//! control, or into files while control is away. What neither takes goes back into the buffer. When it
//! is full, new requests are refused: what cannot be recorded does not happen.

pub(crate) mod entry;
mod flush;
mod open;
mod spool;

pub use open::OpenRecord;

use crate::metrics::RequestCounters;
use crate::{call::Arrival, error::StartError};
use entry::Entry;
use ostia_proto::ControlClient;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Records that may wait in memory, at a few hundred bytes each.
const MAX_WAITING: usize = 100_000;
/// Arguments that may wait with them.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Arguments of one batch, or of its only record.
const BATCH_BYTES: usize = 1024 * 1024;
/// A batch that is due before its time.
const BATCH: usize = 500;
/// How long a record may wait for others.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// The buffer, shared by every request.
pub struct Recorder {
    waiting: Mutex<Waiting>,
    due: Notify,
    metrics: RequestCounters,
    stop: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Waiting {
    entries: Vec<Entry>,
    /// Of their arguments.
    bytes: usize,
    /// Entries, and bytes of their arguments, that are on their way and may come back.
    taken: (usize, usize),
}

impl Recorder {
    pub fn start(control: ControlClient, spool_dir: &Path) -> Result<Arc<Self>, StartError> {
        let spool = spool::Spool::open(spool_dir)
            .map_err(|error| StartError::Spool(spool_dir.display().to_string(), error))?;
        let recorder = Arc::new(Self {
            waiting: Mutex::default(),
            due: Notify::new(),
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

    /// Whether there is no room for another record.
    pub fn is_full(&self) -> bool {
        let waiting = self.buffer();
        waiting.entries.len() + waiting.taken.0 >= MAX_WAITING
            || waiting.bytes + waiting.taken.1 >= MAX_WAITING_BYTES
    }

    fn push(&self, entry: Entry) {
        let mut waiting = self.buffer();
        waiting.bytes += entry.arguments_bytes();
        waiting.entries.push(entry);
        if waiting.entries.len() == BATCH {
            self.due.notify_one();
        }
    }

    fn take(&self) -> Vec<Entry> {
        let next = Vec::with_capacity(BATCH);
        let mut waiting = self.buffer();
        waiting.taken = (waiting.entries.len(), std::mem::take(&mut waiting.bytes));
        std::mem::replace(&mut waiting.entries, next)
    }

    /// Ends what [`take`](Self::take) began, with those that nobody took: they are the oldest.
    fn put_back(&self, mut left: Vec<Entry>) {
        let mut waiting = self.buffer();
        waiting.taken = (0, 0);
        if !left.is_empty() {
            waiting.bytes += left.iter().map(Entry::arguments_bytes).sum::<usize>();
            left.append(&mut waiting.entries);
            waiting.entries = left;
        }
    }

    fn buffer(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over everything that waits, to control or to disk, and stops.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
