//! Empties the buffer into control, or into files while control is away.

use super::{
    FLUSH_EVERY, Recorder,
    buffer::{BATCH, Buffer},
    spool::Spool,
};
use crate::backoff::Backoff;
use ostia_proto::{
    ControlClient,
    status::code_of,
    v1::{CallRecord, RecordRequest},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tonic::{Code, Status};

/// Control gets so long for a batch before it counts as away.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long control is left alone once it is away, at first and at most.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(4);

pub(super) async fn run(recorder: Arc<Recorder>, control: ControlClient, mut spool: Spool) {
    let buffer = &recorder.buffer;
    let mut control = Receiver::new(control);
    let mut retry = Backoff::new(FIRST_RETRY, MAX_RETRY);
    loop {
        let stopping = tokio::select! {
            biased;
            () = recorder.stop.cancelled() => true,
            () = std::future::ready(()), if buffer.len() >= BATCH => false,
            () = buffer.due.notified() => false,
            () = tokio::time::sleep(FLUSH_EVERY) => false,
        };
        let (mut heard, held) = empty(buffer, &mut control, &mut spool).await;
        tell_held(held);
        if heard != Heard::Silence {
            // What waits on disk may be all there is to ask with.
            heard = heard.then(replay(&mut control, &mut spool).await);
        }
        if stopping {
            // Requests that ended while the last batch was on its way.
            let (_, held) = empty(buffer, &mut control, &mut spool).await;
            tell_lost(held);
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

/// Hands over what waits now, batch by batch: to control, and what it does not take to the spool. What neither takes
/// is put back: how many.
async fn empty(buffer: &Buffer, control: &mut Receiver, spool: &mut Spool) -> (Heard, usize) {
    let mut heard = Heard::Nothing;
    let mut left = VecDeque::new();
    let mut disk_takes = true;
    // What comes meanwhile is for the next time.
    let mut waiting = buffer.len();
    while waiting > 0 {
        let mut batch = buffer.take();
        waiting = waiting.saturating_sub(batch.len());
        let spelled_out = || RecordRequest {
            records: batch.iter().map(CallRecord::from).collect(),
        };
        let done = if heard == Heard::Silence {
            // A disk that did not take one batch is not asked to take the next.
            disk_takes && spool.write(&spelled_out())
        } else {
            let sent = control.send(spelled_out()).await;
            heard = sent.heard();
            match sent {
                Sent::Taken => true,
                Sent::Refused => spool.set_aside(&spelled_out()),
                Sent::Away => spool.write(&spelled_out()),
            }
        };
        disk_takes = done;
        if done {
            buffer.gone(&batch);
        } else {
            left.append(&mut batch);
        }
    }
    let held = left.len();
    buffer.put_back(left);
    (heard, held)
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
    use super::{
        super::buffer::{
            MAX_WAITING_BYTES,
            fixture::{holding, ids, numbered},
        },
        *,
    };
    use futures_util::FutureExt as _;
    use std::path::Path;
    use tokio::sync::Semaphore;

    fn answering(status: Status) -> Receiver {
        Receiver::new(ControlClient::in_process(tower::service_fn(move |_| {
            let answer = status.clone().into_http();
            async { Ok(answer) }
        })))
    }

    /// A spool whose folder is a file: it takes nothing.
    fn full_disk(dir: &Path) -> Spool {
        let spool = Spool::open(dir).unwrap();
        std::fs::remove_dir_all(dir).unwrap();
        std::fs::write(dir, "").unwrap();
        spool
    }

    /// Whoever is asked with nothing said nothing: that is no reason to try again at once.
    #[tokio::test]
    async fn only_what_control_says_is_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path()).unwrap();
        let mut control = answering(Status::unavailable("tcp connect"));
        let buffer = Buffer::default();
        let nothing = empty(&buffer, &mut control, &mut spool).await;
        assert_eq!(nothing, (Heard::Nothing, 0));
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
        buffer.push(numbered(0..1, 1).remove(0));
        let silence = empty(&buffer, &mut control, &mut spool).await;
        assert_eq!(silence, (Heard::Silence, 0));
        let (nothing, _) = empty(&buffer, &mut control, &mut spool).await;
        assert_eq!(
            nothing.then(replay(&mut control, &mut spool).await),
            Heard::Silence
        );
        let mut control = answering(Status::invalid_argument("no"));
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Answer);
        assert_eq!(replay(&mut control, &mut spool).await, Heard::Nothing);
    }

    /// Control is away or refuses, and where files should go is none of a folder.
    #[tokio::test]
    async fn what_neither_control_nor_the_disk_takes_is_left_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("spool");
        let three_batches = || numbered(0..1_001, 0);
        for status in [Status::unavailable("away"), Status::invalid_argument("no")] {
            let mut spool = full_disk(&dir);
            let mut control = answering(status);
            let buffer = holding(three_batches());
            let (_, held) = empty(&buffer, &mut control, &mut spool).await;
            assert_eq!(held, 1_001);
            assert_eq!(buffer.ids(), ids(&three_batches()));

            std::fs::remove_file(&dir).unwrap();
            std::fs::create_dir(&dir).unwrap();
            let (_, held) = empty(&buffer, &mut control, &mut spool).await;
            assert_eq!((held, buffer.len()), (0, 0));
            assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 3);
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }

    /// Control answers when it may.
    #[tokio::test]
    async fn who_comes_while_there_is_no_room_waits_for_the_next_batch_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path()).unwrap();
        let may = Arc::new(Semaphore::new(0));
        let answers = Arc::clone(&may);
        let mut control = Receiver::new(ControlClient::in_process(tower::service_fn(move |_| {
            let answers = Arc::clone(&answers);
            async move {
                answers.acquire().await.unwrap().forget();
                Ok(Status::invalid_argument("no").into_http())
            }
        })));
        let buffer = holding(numbered(0..2, MAX_WAITING_BYTES / 2));
        let emptied = empty(&buffer, &mut control, &mut spool);
        let waits = async {
            let mut room = std::pin::pin!(buffer.has_room());
            assert!(futures_util::poll!(&mut room).is_pending());
            may.add_permits(1);
            let room = room.await;
            may.add_permits(1);
            room
        };
        let (_, room) = tokio::join!(emptied, waits);
        assert!(room);
    }

    /// Waiting would not help.
    #[tokio::test]
    async fn who_comes_when_nobody_takes_anything_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = full_disk(&folder.path().join("spool"));
        let mut control = answering(Status::unavailable("away"));
        let buffer = holding(numbered(0..2, MAX_WAITING_BYTES / 2));
        empty(&buffer, &mut control, &mut spool).await;
        assert_eq!(buffer.has_room().now_or_never(), Some(false));
    }
}
