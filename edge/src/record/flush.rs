//! Empties the buffer into control, or into files while control is away.

use super::{BATCH, BATCH_BYTES, FLUSH_EVERY, Recorder, entry::Entry, spool::Spool};
use crate::backoff::Backoff;
use ostia_proto::{
    ControlClient,
    status::code_of,
    v1::{CallRecord, RecordRequest},
};
use std::{sync::Arc, time::Duration};
use tonic::{Code, Status};

/// Control gets so long for a batch before it counts as away.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long control is left alone once it is away, at first and at most.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(4);

pub(super) async fn run(recorder: Arc<Recorder>, control: ControlClient, mut spool: Spool) {
    let mut control = Receiver::new(control);
    let mut retry = Backoff::new(FIRST_RETRY, MAX_RETRY);
    loop {
        let stopping = tokio::select! {
            () = recorder.due.notified() => false,
            () = tokio::time::sleep(FLUSH_EVERY) => false,
            () = recorder.stop.cancelled() => true,
        };
        let mut entries = recorder.take();
        let mut heard = deliver(&mut control, &mut spool, &mut entries).await;
        let held = entries.len();
        tell_held(held);
        recorder.put_back(entries);
        if heard != Heard::Silence {
            // What waits on disk may be all there is to ask with.
            heard = heard.then(replay(&mut control, &mut spool).await);
        }
        if stopping {
            // Requests that ended while the last batch was on its way.
            let mut entries = recorder.take();
            deliver(&mut control, &mut spool, &mut entries).await;
            tell_lost(entries.len());
            return;
        }
        if held > 0 {
            // Nobody takes more for being asked at once again.
            heard = Heard::Silence;
        }
        match heard {
            Heard::Nothing => {}
            Heard::Answer => retry.reset(),
            Heard::Silence => tokio::select! {
                () = tokio::time::sleep(retry.wait()) => {}
                () = recorder.stop.cancelled() => {}
            },
        }
    }
}

/// What control said to everything that it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// It was not asked.
    Nothing,
    Answer,
    /// It is away.
    Silence,
}

impl Heard {
    fn then(self, later: Self) -> Self {
        if later == Self::Nothing { self } else { later }
    }
}

/// Records that wait in memory because neither control nor the disk takes them.
fn tell_held(count: usize) {
    #[allow(clippy::cast_precision_loss, reason = "a gauge")]
    metrics::gauge!("ostia_records_held").set(count as f64);
}

fn tell_lost(count: usize) {
    if count > 0 {
        metrics::counter!("ostia_records_lost_total").increment(count as u64);
        tracing::error!(
            count,
            "records are lost: neither control nor the disk took them before the end"
        );
    }
}

/// Hands entries to control, and what it does not take to the spool. What neither takes is left.
async fn deliver(control: &mut Receiver, spool: &mut Spool, entries: &mut Vec<Entry>) -> Heard {
    let spelled_out = |entries: &[Entry]| RecordRequest {
        records: entries.iter().map(CallRecord::from).collect(),
    };
    let mut heard = Heard::Nothing;
    let mut taken = Vec::with_capacity(entries.len());
    for batch in batches(entries) {
        let known = taken.len() + batch.len();
        if heard == Heard::Silence {
            // A disk that did not take one batch is not asked to take the next.
            let written = taken.last() != Some(&false) && spool.write(&spelled_out(batch));
            taken.resize(known, written);
            continue;
        }
        let sent = control.send(spelled_out(batch)).await;
        let done = match sent {
            Sent::Taken => true,
            Sent::Refused => spool.set_aside(&spelled_out(batch)),
            Sent::Away => spool.write(&spelled_out(batch)),
        };
        taken.resize(known, done);
        heard = sent.heard();
    }
    let mut taken = taken.into_iter();
    entries.retain(|_| taken.next() == Some(false));
    heard
}

/// In order, each as large as control takes it.
fn batches(entries: &[Entry]) -> Vec<&[Entry]> {
    let (mut batches, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, entry) in entries.iter().enumerate() {
        let more = entry.arguments_bytes();
        if at > from && (at - from == BATCH || bytes + more > BATCH_BYTES) {
            batches.push(&entries[from..at]);
            (from, bytes) = (at, 0);
        }
        bytes += more;
    }
    if from < entries.len() {
        batches.push(&entries[from..]);
    }
    batches
}

/// Hands over what waited on disk, oldest first. Control knows each record by its id, so a file that
/// is sent twice counts once.
async fn replay(control: &mut Receiver, spool: &mut Spool) -> Heard {
    let mut heard = Heard::Nothing;
    while let Some((file, batch)) = spool.oldest() {
        let sent = control.send(batch).await;
        heard = sent.heard();
        let gone = match sent {
            Sent::Taken => Spool::remove(&file),
            Sent::Refused => Spool::keep_for_a_person(&file),
            Sent::Away => false,
        };
        // A file that stays where it is would be found again at once.
        if !gone {
            break;
        }
    }
    heard
}

/// What became of a batch.
enum Sent {
    Taken,
    /// Control answered that it never will take it.
    Refused,
    Away,
}

impl Sent {
    fn heard(&self) -> Heard {
        match self {
            Self::Taken | Self::Refused => Heard::Answer,
            Self::Away => Heard::Silence,
        }
    }
}

/// Control, and whether it was away when it was asked last: that is said once, however long it lasts.
struct Receiver {
    control: ControlClient,
    away: bool,
}

impl Receiver {
    fn new(control: ControlClient) -> Self {
        Self {
            control,
            away: false,
        }
    }

    async fn send(&mut self, batch: RecordRequest) -> Sent {
        let count = batch.records.len();
        let answer = tokio::time::timeout(PATIENCE, self.control.sync().record(batch)).await;
        let sent = match &answer {
            Ok(Ok(_)) => Sent::Taken,
            Ok(Err(status)) if status.code() == Code::InvalidArgument => {
                let reason = reason(status);
                tracing::error!(
                    reason,
                    count,
                    "control refuses records; they are kept in a file"
                );
                Sent::Refused
            }
            Ok(Err(status)) => {
                self.is_away(reason(status));
                Sent::Away
            }
            Err(_) => {
                self.is_away("it does not answer in time");
                Sent::Away
            }
        };
        if self.away && sent.heard() == Heard::Answer {
            self.away = false;
            tracing::info!("control takes records again");
        }
        sent
    }

    fn is_away(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.away, true) {
            tracing::warn!(reason, "control takes no records; they wait on disk");
        }
    }
}

/// In control's own words where it has some: what a transport says is not for people.
fn reason(status: &Status) -> &str {
    match code_of(status) {
        Some(_) => status.message(),
        None => status.code().description(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::MAX_WAITING_BYTES, *};
    use crate::call::{Arrival, RequestIds};
    use ostia_domain::{clock, redact::KeptArguments};
    use uuid::Uuid;

    fn entry(bytes: usize) -> Entry {
        let arrival = Arrival {
            id: RequestIds::new([0; 8]).next(clock::now()),
            at: clock::now(),
            started: clock::instant(),
            remote: [127, 0, 0, 1].into(),
        };
        let mut entry = Entry::new(&arrival);
        entry.arguments = Some(Box::new(KeptArguments {
            json: " ".repeat(bytes),
            cut: false,
        }));
        entry
    }

    fn sizes(entries: &[Entry]) -> Vec<usize> {
        batches(entries).iter().map(|batch| batch.len()).collect()
    }

    /// Whoever is asked with nothing said nothing: that is no reason to try again at once.
    #[tokio::test]
    async fn only_what_control_says_is_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path()).unwrap();
        let away = tower::service_fn(async |_| Ok(Status::unavailable("tcp connect").into_http()));
        let mut control = Receiver::new(ControlClient::in_process(away));
        let nothing = deliver(&mut control, &mut spool, &mut Vec::new()).await;
        assert_eq!(nothing, Heard::Nothing);
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
        let mut entries = vec![entry(1)];
        let silence = deliver(&mut control, &mut spool, &mut entries).await;
        assert_eq!((silence, entries.len()), (Heard::Silence, 0));
        let nothing = deliver(&mut control, &mut spool, &mut Vec::new()).await;
        assert_eq!(
            nothing.then(replay(&mut control, &mut spool).await),
            Heard::Silence
        );
        let refuses = tower::service_fn(async |_| Ok(Status::invalid_argument("no").into_http()));
        let mut control = Receiver::new(ControlClient::in_process(refuses));
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Answer);
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
    }

    fn ids(entries: &[Entry]) -> Vec<Uuid> {
        entries.iter().map(|entry| entry.id).collect()
    }

    fn numbered(numbers: std::ops::Range<u128>, bytes: usize) -> Vec<Entry> {
        let numbered = numbers.map(|n| Entry {
            id: Uuid::from_u128(n),
            ..entry(bytes)
        });
        numbered.collect()
    }

    /// Control is away or refuses, and where files should go is none of a folder.
    #[tokio::test]
    async fn what_neither_control_nor_the_disk_takes_is_left_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("spool");
        let mut spool = Spool::open(&dir).unwrap();
        let three_batches = || numbered(0..1_001, 0);
        for status in [Status::unavailable("away"), Status::invalid_argument("no")] {
            std::fs::remove_dir_all(&dir).unwrap();
            std::fs::write(&dir, "").unwrap();
            let services = tower::service_fn(move |_| {
                let answer = status.clone().into_http();
                async { Ok(answer) }
            });
            let mut control = Receiver::new(ControlClient::in_process(services));
            let mut entries = three_batches();
            deliver(&mut control, &mut spool, &mut entries).await;
            assert_eq!(ids(&entries), ids(&three_batches()));

            std::fs::remove_file(&dir).unwrap();
            std::fs::create_dir(&dir).unwrap();
            deliver(&mut control, &mut spool, &mut entries).await;
            assert_eq!(entries.len(), 0);
            assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 3);
        }
    }

    #[tokio::test]
    async fn what_was_left_is_the_oldest_again_and_counts_as_waiting_all_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let away = tower::service_fn(async |_| Ok(Status::unavailable("away").into_http()));
        let control = ControlClient::in_process(away);
        let recorder = Recorder::start(control, folder.path()).unwrap();
        recorder.shutdown().await;
        let half = MAX_WAITING_BYTES / 2;
        for entry in numbered(0..2, half / 2) {
            recorder.push(entry);
        }
        let taken = recorder.take();
        for entry in numbered(2..4, half / 2) {
            recorder.push(entry);
        }
        // Half of it is on its way, and could come back.
        assert!(recorder.is_full());
        recorder.put_back(taken);
        assert!(recorder.is_full());
        let taken = recorder.take();
        assert_eq!(ids(&taken), ids(&numbered(0..4, 0)));
        assert!(recorder.is_full());
        recorder.put_back(Vec::new());
        assert!(!recorder.is_full());
    }

    #[test]
    fn a_batch_is_bounded_in_records_and_in_bytes() {
        let many: Vec<_> = (0..=2 * BATCH).map(|_| entry(1)).collect();
        assert_eq!(sizes(&many), [BATCH, BATCH, 1]);
        let half = || entry(BATCH_BYTES / 2);
        let large = [half(), half(), half(), entry(2 * BATCH_BYTES), half()];
        assert_eq!(sizes(&large), [2, 1, 1, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }
}
