//! Records that wait in memory until control or the disk takes them.

use super::entry::Entry;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Records that may wait in memory, at a few hundred bytes each.
const MAX_WAITING: usize = 100_000;
/// Arguments that may wait with them.
pub(super) const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Arguments of one batch, or of its only record.
const BATCH_BYTES: usize = 1024 * 1024;
/// A batch that is due before its time.
pub(super) const BATCH: usize = 500;
/// How long a request waits for room. Control takes many batches in that time.
const ROOM_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Buffer {
    waiting: Mutex<Waiting>,
    /// A batch is complete.
    pub(super) due: Notify,
    /// Some went, or none will.
    room: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// Of their arguments.
    bytes: usize,
    /// Entries, and bytes of their arguments, that are on their way and may come back.
    taken: (usize, usize),
    /// Whether some came back: nobody takes any.
    stuck: bool,
}

impl Waiting {
    fn is_full(&self) -> bool {
        self.entries.len() + self.taken.0 >= MAX_WAITING
            || self.bytes + self.taken.1 >= MAX_WAITING_BYTES
    }

    /// How many of the oldest control takes at once, and the bytes of their arguments.
    fn batch(&self) -> (usize, usize) {
        if self.entries.len() <= BATCH && self.bytes <= BATCH_BYTES {
            return (self.entries.len(), self.bytes);
        }
        let (mut count, mut bytes) = (0, 0);
        for entry in self.entries.iter().take(BATCH) {
            let more = entry.arguments_bytes();
            if count > 0 && bytes + more > BATCH_BYTES {
                break;
            }
            (count, bytes) = (count + 1, bytes + more);
        }
        (count, bytes)
    }
}

impl Buffer {
    /// Whether there is room for another record; waits for it for a moment while records go.
    pub(super) async fn has_room(&self) -> bool {
        if !self.lock().is_full() {
            return true;
        }
        let came = async {
            loop {
                let room = self.room.notified();
                let (full, stuck) = {
                    let waiting = self.lock();
                    (waiting.is_full(), waiting.stuck)
                };
                if !full || stuck {
                    return !full;
                }
                room.await;
            }
        };
        tokio::time::timeout(ROOM_PATIENCE, came).await == Ok(true)
    }

    pub(super) fn push(&self, entry: Entry) {
        let mut waiting = self.lock();
        waiting.bytes += entry.arguments_bytes();
        waiting.entries.push_back(entry);
        if waiting.entries.len() == BATCH {
            self.due.notify_one();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// The oldest, as many as control takes at once. Each of them is [`gone`](Self::gone) later, or
    /// [`put_back`](Self::put_back).
    pub(super) fn take(&self) -> VecDeque<Entry> {
        let next = VecDeque::with_capacity(BATCH);
        let mut waiting = self.lock();
        let (count, bytes) = waiting.batch();
        waiting.bytes -= bytes;
        waiting.taken.0 += count;
        waiting.taken.1 += bytes;
        if count == waiting.entries.len() {
            return std::mem::replace(&mut waiting.entries, next);
        }
        waiting.entries.drain(..count).collect()
    }

    /// Somebody has them.
    pub(super) fn gone(&self, batch: &VecDeque<Entry>) {
        let mut waiting = self.lock();
        waiting.taken.0 -= batch.len();
        waiting.taken.1 -= batch.iter().map(Entry::arguments_bytes).sum::<usize>();
        drop(waiting);
        self.room.notify_waiters();
    }

    /// Nobody took these: they are the oldest again.
    pub(super) fn put_back(&self, mut left: VecDeque<Entry>) {
        let mut waiting = self.lock();
        waiting.stuck = !left.is_empty();
        if waiting.stuck {
            let bytes = left.iter().map(Entry::arguments_bytes).sum::<usize>();
            waiting.taken.0 -= left.len();
            waiting.taken.1 -= bytes;
            waiting.bytes += bytes;
            left.append(&mut waiting.entries);
            waiting.entries = left;
        }
        drop(waiting);
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::{Buffer, Entry};
    use crate::call::{Arrival, RequestIds};
    use ostia_domain::{clock, redact::KeptArguments};
    use uuid::Uuid;

    /// Records with these ids and arguments of that size.
    pub(in super::super) fn numbered(numbers: std::ops::Range<u128>, bytes: usize) -> Vec<Entry> {
        let arrival = Arrival {
            id: RequestIds::new([0; 8]).next(clock::now()),
            at: clock::now(),
            started: clock::instant(),
            remote: [127, 0, 0, 1].into(),
        };
        let numbered = numbers.map(|n| Entry {
            id: Uuid::from_u128(n),
            arguments: Some(Box::new(KeptArguments {
                json: " ".repeat(bytes),
                cut: false,
            })),
            ..Entry::new(&arrival)
        });
        numbered.collect()
    }

    pub(in super::super) fn ids<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<Uuid> {
        entries.into_iter().map(|entry| entry.id).collect()
    }

    pub(in super::super) fn holding(entries: Vec<Entry>) -> Buffer {
        let buffer = Buffer::default();
        for entry in entries {
            buffer.push(entry);
        }
        buffer
    }

    impl Buffer {
        pub(in super::super) fn ids(&self) -> Vec<Uuid> {
            ids(&self.lock().entries)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        fixture::{holding, ids, numbered},
        *,
    };

    #[test]
    fn what_was_left_is_the_oldest_again_and_counts_as_waiting_all_the_time() {
        let half = MAX_WAITING_BYTES / 2;
        let is_full = |buffer: &Buffer| buffer.lock().is_full();
        let buffer = holding(numbered(0..2, half));
        let first = buffer.take();
        assert_eq!(ids(&first), ids(&numbered(0..1, 0)));
        // Half of it is on its way, and could come back.
        assert!(is_full(&buffer));
        buffer.put_back(first);
        assert!(is_full(&buffer));
        let first = buffer.take();
        assert_eq!(ids(&first), ids(&numbered(0..1, 0)));
        buffer.gone(&first);
        buffer.put_back(VecDeque::new());
        assert!(!is_full(&buffer));
        assert_eq!(ids(&buffer.take()), ids(&numbered(1..2, 0)));
    }

    #[test]
    fn a_batch_is_bounded_in_records_and_in_bytes() {
        let sizes = |entries: Vec<Entry>| {
            let buffer = holding(entries);
            let batches = std::iter::from_fn(|| Some(buffer.take().len()).filter(|n| *n > 0));
            batches.collect::<Vec<_>>()
        };
        assert_eq!(sizes(numbered(0..1_001, 1)), [BATCH, BATCH, 1]);
        let of = |bytes| numbered(0..1, bytes).remove(0);
        let half = BATCH_BYTES / 2;
        let large = [half, half, half, 2 * BATCH_BYTES, half].map(of);
        assert_eq!(sizes(large.into()), [2, 1, 1, 1]);
        assert_eq!(sizes(Vec::new()), [0; 0]);
    }
}
