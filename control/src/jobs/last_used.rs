//! When keys and secrets were used last, written at most once a minute each and off the answer path.
//!
//! A note that finds the queue full is dropped: the next use of the key makes another.

use crate::store::{self, Store, keys::UsedBy};
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
pub(crate) struct Uses(mpsc::Sender<(What, Use)>);

/// When, and by whom where somebody could tell. When an edge asks about a secret, before the request that it
/// is for, it does not.
#[derive(Clone)]
struct Use {
    at: Timestamp,
    by: UsedBy,
}

impl Uses {
    pub(crate) fn secret_used(&self, (key, secret): (Uuid, Uuid), at: Timestamp, by: UsedBy) {
        let used = Use { at, by };
        self.note(What::Key(key), used.clone());
        self.note(What::Secret(secret), used);
    }

    pub(crate) fn keys_used(&self, records: &[CallRecord], now: Timestamp) {
        let mut newest: HashMap<What, (Timestamp, &CallRecord)> = HashMap::new();
        for record in records {
            let Some(caller) = &record.caller else {
                continue;
            };
            // An edge whose clock is wrong must not block the notes of the others.
            let used = record.at.clamp(Timestamp::UNIX_EPOCH, now);
            let secret = record.secret_id.map(What::Secret);
            for what in secret.into_iter().chain([What::Key(caller.key_id)]) {
                let last = newest.entry(what).or_insert((used, record));
                if used > last.0 {
                    *last = (used, record);
                }
            }
        }
        for (what, (at, record)) in newest {
            let by = UsedBy {
                address: record.remote_address.clone(),
                // As audit keeps it.
                client: record
                    .client
                    .as_ref()
                    .map(|client| client.replace('\0', "\u{fffd}")),
            };
            self.note(what, Use { at, by });
        }
    }

    fn note(&self, what: What, used: Use) {
        // Full: see above. Closed: the control is stopping.
        let _ = self.0.try_send((what, used));
    }
}

pub(crate) struct LastUsed {
    queue: mpsc::Receiver<(What, Use)>,
    store: Store,
    /// What was written when, and whether it was known by whom.
    written: HashMap<What, (Timestamp, bool)>,
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
    fn due(&mut self) -> HashMap<What, Use> {
        let mut due: HashMap<What, Use> = HashMap::new();
        while let Ok((what, used)) = self.queue.try_recv() {
            let written = self.written.get(&what);
            // Who it was is worth a second note, when the first could not tell.
            let told = written.is_some_and(|(at, known)| {
                used.at < *at + AT_MOST_EVERY && (*known || used.by.address.is_none())
            });
            if told {
                continue;
            }
            match due.entry(what) {
                Entry::Vacant(entry) => {
                    entry.insert(used);
                }
                Entry::Occupied(mut entry) => {
                    let last = entry.get_mut();
                    last.at = used.at.max(last.at);
                    last.by = UsedBy {
                        address: used.by.address.or(last.by.address.take()),
                        client: used.by.client.or(last.by.client.take()),
                    };
                }
            }
        }
        due
    }

    async fn write(&mut self, due: &HashMap<What, Use>) -> Result<(), store::Error> {
        // Not a change that anybody made, so there is nothing to audit.
        let write = self.store.write().await?;
        for (what, used) in due {
            // Another control may have written it meanwhile.
            let unless_after = used.at - AT_MOST_EVERY;
            match *what {
                What::Key(id) => {
                    store::keys::used(write.tx(), id, (used.at, &used.by), unless_after).await?;
                }
                What::Secret(id) => {
                    store::secrets::used(write.tx(), id, used.at, unless_after).await?;
                }
            }
        }
        write.commit().await?;
        if self.written.len() + due.len() > MAX_REMEMBERED {
            self.written.clear();
        }
        let written = due.iter();
        self.written
            .extend(written.map(|(what, used)| (*what, (used.at, used.by.address.is_some()))));
        Ok(())
    }
}
