//! When keys and secrets were used last, written at most once a minute each and off the answer path.
//!
//! A note that finds the queue full is dropped: the next use of the key makes another.

use crate::store::{self, Store};
use chrono::TimeDelta;
use ostia_domain::{audit::CallRecord, clock::Timestamp};
use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const QUEUE: usize = 4_096;
const INTERVAL: Duration = Duration::from_secs(1);
const AT_MOST_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Keys and secrets whose last note is remembered; beyond that the database alone keeps the minute.
const MAX_REMEMBERED: usize = 100_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Key(Uuid),
    Secret(Uuid),
}

/// Where uses are noted.
#[derive(Clone)]
pub(crate) struct Uses(mpsc::Sender<(What, Timestamp)>);

impl Uses {
    pub(crate) fn secret_used(&self, key: Uuid, secret: Uuid, at: Timestamp) {
        self.note(What::Key(key), at);
        self.note(What::Secret(secret), at);
    }

    pub(crate) fn keys_used(&self, records: &[CallRecord], now: Timestamp) {
        let mut newest: HashMap<Uuid, Timestamp> = HashMap::new();
        for record in records {
            if let Some(caller) = &record.caller {
                // An edge whose clock is wrong must not block the notes of the others.
                let used = record.at.clamp(Timestamp::UNIX_EPOCH, now);
                let at = newest.entry(caller.key_id).or_insert(used);
                *at = used.max(*at);
            }
        }
        for (key, at) in newest {
            self.note(What::Key(key), at);
        }
    }

    fn note(&self, what: What, at: Timestamp) {
        // Full: see above. Closed: the control is stopping.
        let _ = self.0.try_send((what, at));
    }
}

pub(crate) struct LastUsed {
    queue: mpsc::Receiver<(What, Timestamp)>,
    store: Store,
    /// What was written when.
    written: HashMap<What, Timestamp>,
}

pub(crate) fn channel(store: Store) -> (Uses, LastUsed) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let task = LastUsed {
        queue,
        store,
        written: HashMap::new(),
    };
    (Uses(sender), task)
}

impl LastUsed {
    /// Until the token is cancelled; what was noted by then is written.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.cancelled() => {}
            }
            let due = self.due();
            if due.is_empty() {
                continue;
            }
            if let Err(error) = self.write(&due).await {
                tracing::warn!(%error, "when keys were used last could not be written");
            }
        }
    }

    /// What is in the queue now and was not written within the last minute, each once.
    fn due(&mut self) -> HashMap<What, Timestamp> {
        let mut due = HashMap::new();
        while let Ok((what, at)) = self.queue.try_recv() {
            if self
                .written
                .get(&what)
                .is_some_and(|written| at < *written + AT_MOST_EVERY)
            {
                continue;
            }
            match due.entry(what) {
                Entry::Vacant(entry) => {
                    entry.insert(at);
                }
                Entry::Occupied(mut entry) => {
                    let newest = at.max(*entry.get());
                    entry.insert(newest);
                }
            }
        }
        due
    }

    async fn write(&mut self, due: &HashMap<What, Timestamp>) -> Result<(), store::Error> {
        // Not a change that anybody made, so there is nothing to audit.
        let write = self.store.write().await?;
        for (what, at) in due {
            // Another control may have written it meanwhile.
            let unless_after = *at - AT_MOST_EVERY;
            match *what {
                What::Key(id) => store::keys::used(write.tx(), id, *at, unless_after).await?,
                What::Secret(id) => {
                    store::secrets::used(write.tx(), id, *at, unless_after).await?;
                }
            }
        }
        write.commit().await?;
        if self.written.len() + due.len() > MAX_REMEMBERED {
            self.written.clear();
        }
        self.written.extend(due);
        Ok(())
    }
}
