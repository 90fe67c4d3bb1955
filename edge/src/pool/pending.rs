//! A request on a worker: what may come of it, and what forgets it.

use super::worker::Worker;
use crate::mcp::log_level::LogLevel;
use bytes::Bytes;
use ostia_domain::upstream::{Problem, Stage};
use std::{ops::Range, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// A message of an upstream that answers a request, and where its parts lie.
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

/// What an upstream says while it works on a request.
#[derive(Debug)]
pub struct Notification {
    pub line: Bytes,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// And where the token lies.
    Progress(Range<usize>),
    Log(LogLevel),
    Other,
}

/// What a legacy upstream asks its client in the middle of a call. One that is dropped without an answer
/// is refused, so that no upstream waits for nothing.
pub struct Question {
    pub line: Bytes,
    pub method: String,
    pub id: Range<usize>,
    params: Option<Range<usize>>,
    /// Unset once it was answered.
    worker: Option<Arc<Worker>>,
}

impl Question {
    pub(super) fn new(
        worker: &Arc<Worker>,
        line: Bytes,
        method: String,
        id: Range<usize>,
        params: Option<Range<usize>>,
    ) -> Self {
        Self {
            line,
            method,
            id,
            params,
            worker: Some(Arc::clone(worker)),
        }
    }

    /// As the upstream wrote them.
    pub fn params(&self) -> Option<&str> {
        let place = self.params.clone()?;
        str::from_utf8(&self.line[place]).ok()
    }

    /// Answers with the members `result` or `error` of a client's response, as they came.
    pub async fn answer(mut self, member: &str, value: &str) {
        if let Some(worker) = self.worker.take() {
            worker.reply(self.response(member, value)).await;
        }
    }

    fn response(&self, member: &str, value: &str) -> Vec<u8> {
        let id = String::from_utf8_lossy(&self.line[self.id.clone()]);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{value}}}"#).into_bytes()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            let error = r#"{"code":-32603,"message":"The client cannot be asked"}"#;
            worker.try_reply(self.response("error", error));
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The worker ended, or stopped making sense, before it answered. The request may have had an effect.
    Gone,
    /// What the upstream answered cannot be taken. Says what it was.
    Invalid(String),
    /// The upstream never took the request, which had no effect.
    Refused(Refusal),
}

/// Why an upstream took no request, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Unset: the one that the request was for.
    pub stage: Option<Stage>,
    pub problem: String,
}

impl Refusal {
    pub fn at(stage: Stage, problem: String) -> Self {
        Self {
            stage: Some(stage),
            problem,
        }
    }

    /// Of a request that was made in this stage.
    pub fn during(self, stage: Stage) -> Problem {
        Problem::new(self.stage.unwrap_or(stage), self.problem)
    }
}

impl From<String> for Refusal {
    fn from(problem: String) -> Self {
        Self {
            stage: None,
            problem,
        }
    }
}

impl From<&str> for Refusal {
    fn from(problem: &str) -> Self {
        problem.to_owned().into()
    }
}

/// How a request ended.
pub(super) struct Ended {
    pub(super) result: Result<Answer, Lost>,
    /// What an upstream over HTTP answered it with.
    pub(super) status: Option<u16>,
}

impl From<Lost> for Ended {
    fn from(why: Lost) -> Self {
        Self {
            result: Err(why),
            status: None,
        }
    }
}

/// A request that was sent and has no answer yet. Dropping it forgets the request.
pub struct Pending {
    worker: Arc<Worker>,
    id: u64,
    answer: oneshot::Receiver<Ended>,
    events: Option<mpsc::Receiver<Event>>,
    settled: bool,
    status: Option<u16>,
}

impl Pending {
    pub(super) fn new(
        worker: Arc<Worker>,
        id: u64,
        answer: oneshot::Receiver<Ended>,
        events: Option<mpsc::Receiver<Event>>,
    ) -> Self {
        Self {
            worker,
            id,
            answer,
            events,
            settled: false,
            status: None,
        }
    }

    pub async fn answer(&mut self) -> Result<Answer, Lost> {
        let ended = (&mut self.answer).await;
        self.settle(ended.unwrap_or(Lost::Gone.into()))
    }

    fn settle(&mut self, ended: Ended) -> Result<Answer, Lost> {
        self.settled = true;
        self.status = ended.status;
        ended.result
    }

    /// What an upstream over HTTP answered with, once it has.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What comes next: whatever was listened for, and then the answer.
    pub async fn next(&mut self) -> Result<Event, Lost> {
        let Some(events) = &mut self.events else {
            return self.answer().await.map(Event::Answer);
        };
        tokio::select! {
            // What was said before the answer is passed on before it.
            biased;
            Some(event) = events.recv() => Ok(event),
            ended = &mut self.answer => {
                self.settle(ended.unwrap_or(Lost::Gone.into())).map(Event::Answer)
            }
        }
    }

    /// Tells the upstream that nobody wants the answer any more.
    pub fn cancel(&self, reason: &str) {
        if !self.settled {
            self.worker.cancel(self.id, reason);
        }
    }
}

pub enum Event {
    Notification(Notification),
    Question(Question),
    Answer(Answer),
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.settled {
            self.worker.abandon(self.id);
        }
    }
}
