//! Empties the buffer into control, or into files while control is away.

use super::{BATCH, BATCH_BYTES, FLUSH_EVERY, Recorder, entry::Entry, spool::Spool};
use crate::backoff::Backoff;
use ostia_proto::{
    ControlClient,
    v1::{CallRecord, RecordRequest},
};
use std::{sync::Arc, time::Duration};
use tonic::Code;

/// Control gets so long for a batch before it counts as away.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long control is left alone once it is away, at first and at most.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(4);

pub(super) async fn run(recorder: Arc<Recorder>, control: ControlClient, mut spool: Spool) {
    let mut retry = Backoff::new(FIRST_RETRY, MAX_RETRY);
    loop {
        let stopping = tokio::select! {
            () = recorder.due.notified() => false,
            () = tokio::time::sleep(FLUSH_EVERY) => false,
            () = recorder.stop.cancelled() => true,
        };
        let reachable = deliver(&control, &mut spool, recorder.take()).await;
        if reachable {
            retry.reset();
            replay(&control, &mut spool).await;
        }
        if stopping {
            // Requests that ended while the last batch was on its way.
            deliver(&control, &mut spool, recorder.take()).await;
            return;
        }
        if !reachable {
            tokio::select! {
                () = tokio::time::sleep(retry.wait()) => {}
                () = recorder.stop.cancelled() => {}
            }
        }
    }
}

/// Hands entries to control, and what it does not take to the spool. Says whether control answered.
async fn deliver(control: &ControlClient, spool: &mut Spool, entries: Vec<Entry>) -> bool {
    let spelled_out = |entries: &[Entry]| RecordRequest {
        records: entries.iter().map(CallRecord::from).collect(),
    };
    let mut reachable = true;
    for batch in batches(&entries) {
        let sent = if reachable {
            send(control, spelled_out(batch)).await
        } else {
            Sent::Away
        };
        match sent {
            Sent::Taken => {}
            Sent::Refused => spool.set_aside(&spelled_out(batch)),
            Sent::Away => {
                reachable = false;
                spool.write(&spelled_out(batch));
            }
        }
    }
    reachable
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
async fn replay(control: &ControlClient, spool: &mut Spool) {
    while let Some((file, batch)) = spool.oldest() {
        let gone = match send(control, batch).await {
            Sent::Taken => Spool::remove(&file),
            Sent::Refused => Spool::keep_for_a_person(&file),
            Sent::Away => false,
        };
        // A file that stays where it is would be found again at once.
        if !gone {
            return;
        }
    }
}

/// What became of a batch.
enum Sent {
    Taken,
    /// Control answered that it never will take it.
    Refused,
    Away,
}

async fn send(control: &ControlClient, batch: RecordRequest) -> Sent {
    let count = batch.records.len();
    match tokio::time::timeout(PATIENCE, control.sync().record(batch)).await {
        Ok(Ok(_)) => Sent::Taken,
        Ok(Err(status)) if status.code() == Code::InvalidArgument => {
            tracing::error!(%status, count, "control refuses records; they are kept in a file");
            Sent::Refused
        }
        Ok(Err(status)) => {
            tracing::warn!(%status, count, "control takes no records; they wait on disk");
            Sent::Away
        }
        Err(_) => {
            tracing::warn!(count, "control does not answer; records wait on disk");
            Sent::Away
        }
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
