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
        let mut heard = deliver(&mut control, &mut spool, recorder.take()).await;
        if heard != Heard::Silence {
            // What waits on disk may be all there is to ask with.
            heard = heard.then(replay(&mut control, &mut spool).await);
        }
        if stopping {
            // Requests that ended while the last batch was on its way.
            deliver(&mut control, &mut spool, recorder.take()).await;
            return;
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

/// Hands entries to control, and what it does not take to the spool.
async fn deliver(control: &mut Receiver, spool: &mut Spool, entries: Vec<Entry>) -> Heard {
    let spelled_out = |entries: &[Entry]| RecordRequest {
        records: entries.iter().map(CallRecord::from).collect(),
    };
    let mut heard = Heard::Nothing;
    for batch in batches(&entries) {
        if heard == Heard::Silence {
            spool.write(&spelled_out(batch));
            continue;
        }
        let sent = control.send(spelled_out(batch)).await;
        match sent {
            Sent::Taken => {}
            Sent::Refused => spool.set_aside(&spelled_out(batch)),
            Sent::Away => spool.write(&spelled_out(batch)),
        }
        heard = sent.heard();
    }
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
    use super::*;
    use crate::call::{Arrival, RequestIds};
    use ostia_domain::{clock, redact::KeptArguments};

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
        let nothing = deliver(&mut control, &mut spool, Vec::new()).await;
        assert_eq!(nothing, Heard::Nothing);
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
        let silence = deliver(&mut control, &mut spool, vec![entry(1)]).await;
        assert_eq!(silence, Heard::Silence);
        let nothing = deliver(&mut control, &mut spool, Vec::new()).await;
        assert_eq!(
            nothing.then(replay(&mut control, &mut spool).await),
            Heard::Silence
        );
        let refuses = tower::service_fn(async |_| Ok(Status::invalid_argument("no").into_http()));
        let mut control = Receiver::new(ControlClient::in_process(refuses));
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Answer);
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
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
