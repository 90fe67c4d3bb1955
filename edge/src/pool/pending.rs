//! A request on a worker: what may come of it, and what forgets it.

use super::worker::Worker;
use bytes::Bytes;
use std::{ops::Range, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// A line of a worker that answers a request, and where its parts lie.
#[derive(Debug)]
pub struct Answer {
    pub line: Bytes,
    pub id: Range<usize>,
    /// The value of `result` or `error`.
    pub payload: Range<usize>,
    pub is_result: bool,
}

impl Answer {
    pub fn payload(&self) -> &[u8] {
        &self.line[self.payload.clone()]
    }
}

/// A progress notification and where its token lies.
#[derive(Debug)]
pub struct Progress {
    pub line: Bytes,
    pub token: Range<usize>,
}

/// The worker ended, or stopped making sense, before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// A request that was sent and has no answer yet. Dropping it forgets the request.
pub struct Pending {
    worker: Arc<Worker>,
    id: u64,
    answer: oneshot::Receiver<Answer>,
    progress: Option<mpsc::Receiver<Progress>>,
    settled: bool,
}

impl Pending {
    pub(super) fn new(
        worker: Arc<Worker>,
        id: u64,
        answer: oneshot::Receiver<Answer>,
        progress: Option<mpsc::Receiver<Progress>>,
    ) -> Self {
        Self {
            worker,
            id,
            answer,
            progress,
            settled: false,
        }
    }

    pub async fn answer(&mut self) -> Result<Answer, Lost> {
        let answer = (&mut self.answer).await.map_err(|_| Lost);
        self.settled = true;
        answer
    }

    /// What comes next: progress where it was asked for, and then the answer.
    pub async fn next(&mut self) -> Result<Event, Lost> {
        let Some(progress) = &mut self.progress else {
            return self.answer().await.map(Event::Answer);
        };
        tokio::select! {
            // What was reported before the answer is passed on before it.
            biased;
            Some(update) = progress.recv() => Ok(Event::Progress(update)),
            answer = &mut self.answer => {
                self.settled = true;
                answer.map(Event::Answer).map_err(|_| Lost)
            }
        }
    }

    /// Tells the worker that nobody wants the answer any more.
    pub fn cancel(&self, reason: &str) {
        if !self.settled {
            let params = serde_json::json!({"requestId": self.id, "reason": reason});
            self.worker.notify("notifications/cancelled", &params);
        }
    }
}

#[derive(Debug)]
pub enum Event {
    Progress(Progress),
    Answer(Answer),
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.settled {
            drop(self.worker.take(self.id));
        }
    }
}
