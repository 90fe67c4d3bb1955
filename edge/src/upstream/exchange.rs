//! One request that an upstream has, until it is over for everybody.

use crate::{
    admit::Admission,
    error::Error,
    mcp::{answer::outcome, era::Era, in_flight::Entry},
    pool::{
        Lease,
        pending::{Event, Lost, Pending},
        worker::{Expecting, Way},
    },
    record::OpenRecord,
    upstream::request_line::RequestLine,
};
use ostia_domain::{clock, code::Code};
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;

/// Holds everything a request occupies and gives it back at the end.
///
/// A client that goes away ends its request in the modern era. In the legacy one the request goes on, as
/// the specification asks: its place stays taken and its record is completed without anybody listening.
pub struct Exchange {
    open: Option<Open>,
    request: Request,
    deadline: Instant,
    client_era: Era,
    /// How a legacy client cancels it.
    entry: Option<Entry>,
    tasks: TaskTracker,
}

/// What was asked, so that it can be asked again.
pub struct Request {
    pub line: RequestLine,
    /// For an upstream over HTTP.
    pub way: Way,
    pub expecting: Expecting,
    /// The upstream's name.
    pub upstream: String,
    pub upstream_era: Era,
    pub timeout: Duration,
}

struct Open {
    pending: Pending,
    /// There is an answer; nothing more comes of `pending`.
    answered: bool,
    record: OpenRecord,
    lease: Lease,
    _admission: Admission,
}

impl Exchange {
    /// Puts the request on its worker. From here on it has, or may have, an effect.
    pub async fn begin(
        request: Request,
        (lease, mut admission, record): (Lease, Admission, OpenRecord),
        client_era: Era,
        entry: Option<Entry>,
        tasks: TaskTracker,
    ) -> Result<Self, (OpenRecord, Error)> {
        match send(&lease, &request).await {
            Ok(pending) => {
                admission.made();
                Ok(Self {
                    deadline: clock::instant() + request.timeout,
                    open: Some(Open {
                        pending,
                        answered: false,
                        record,
                        lease,
                        _admission: admission,
                    }),
                    request,
                    client_era,
                    entry,
                    tasks,
                })
            }
            Err(why) => Err((record, lost(&request.upstream, &why))),
        }
    }

    pub fn upstream_era(&self) -> Era {
        self.request.upstream_era
    }

    /// What comes next, or the end of the request as an error. After an answer or an error there is
    /// nothing but what [`Exchange::answer_back`] brings.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let Some(open) = &mut self.open else {
            return Err(lost(&self.request.upstream, &Lost::Gone));
        };
        let result = tokio::select! {
            biased;
            result = next_before(&mut open.pending, self.deadline) => result,
            () = cancelled(self.entry.as_ref()) => Err(End::Cancelled),
        };
        open.record.upstream_status(open.pending.status());
        match result {
            Ok(event) => {
                if let Event::Answer(answer) = &event {
                    open.answered = true;
                    open.record.ended(outcome(answer), answer.payload.len());
                }
                Ok(event)
            }
            Err(end) => {
                let error = explain(&self.request.upstream, &end);
                if let Some(reason) = end.cancels() {
                    open.pending.cancel(reason);
                }
                open.record.failed(&error);
                self.open = None;
                Err(error)
            }
        }
    }

    /// Sends the request again with the answers that its upstream asked for, as it came before.
    pub async fn answer_back(&mut self, responses: &str, state: Option<&str>) -> Result<(), Error> {
        let gone = || lost(&self.request.upstream, &Lost::Gone);
        let open = self.open.as_mut().ok_or_else(gone)?;
        let again = Request {
            line: self.request.line.answering(responses, state),
            way: self.request.way.clone(),
            upstream: self.request.upstream.clone(),
            ..self.request
        };
        match send(&open.lease, &again).await {
            Ok(pending) => {
                open.pending = pending;
                open.answered = false;
                Ok(())
            }
            Err(why) => Err(self.fail(lost(&self.request.upstream, &why))),
        }
    }

    /// Ends the request from our side.
    pub fn fail(&mut self, error: Error) -> Error {
        if let Some(mut open) = self.open.take() {
            open.pending.cancel("the call was given up");
            open.record.failed(&error);
        }
        error
    }

    /// The request goes on under the record of another one, which asked for it again. The record so far
    /// is written.
    pub fn continue_as(&mut self, record: OpenRecord) {
        if let Some(open) = &mut self.open {
            open.record = record;
        }
    }

    /// The answer tells of a task, which goes on in the worker.
    pub fn is_about_task(&self) {
        if let Some(open) = &self.open {
            open.lease.worker().has_task();
        }
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    pub fn note(&mut self, note: impl FnOnce(&mut OpenRecord)) {
        if let Some(open) = &mut self.open {
            note(&mut open.record);
        }
    }
}

async fn send(lease: &Lease, request: &Request) -> Result<Pending, Lost> {
    lease
        .worker()
        .send(request.expecting, request.way.clone(), |id| {
            request.line.line(id)
        })
        .await
}

enum End {
    Lost(Lost),
    Late,
    Cancelled,
}

impl End {
    /// What the upstream is told, where it still works on it.
    fn cancels(&self) -> Option<&'static str> {
        match self {
            Self::Lost(_) => None,
            Self::Late => Some("the call took too long"),
            Self::Cancelled => Some("the client cancelled the call"),
        }
    }
}

async fn cancelled(entry: Option<&Entry>) {
    match entry {
        Some(entry) => entry.cancelled().await,
        None => std::future::pending().await,
    }
}

async fn next_before(pending: &mut Pending, deadline: Instant) -> Result<Event, End> {
    match tokio::time::timeout_at(deadline.into(), pending.next()).await {
        Ok(event) => event.map_err(End::Lost),
        Err(_) => Err(End::Late),
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(mut open) = self.open.take().filter(|open| !open.answered) else {
            return;
        };
        if self.client_era == Era::Modern {
            open.pending.cancel("the client closed the response");
            return;
        }
        let (deadline, entry) = (self.deadline, self.entry.take());
        let upstream = std::mem::take(&mut self.request.upstream);
        self.tasks.spawn(async move {
            let end = loop {
                let next = tokio::select! {
                    next = next_before(&mut open.pending, deadline) => next,
                    () = cancelled(entry.as_ref()) => Err(End::Cancelled),
                };
                open.record.upstream_status(open.pending.status());
                match next {
                    Ok(Event::Answer(answer)) => {
                        return open.record.ended(outcome(&answer), answer.payload.len());
                    }
                    Ok(_) => {}
                    Err(end) => break end,
                }
            };
            if let Some(reason) = end.cancels() {
                open.pending.cancel(reason);
            }
            open.record.failed(&explain(&upstream, &end));
        });
    }
}

fn explain(upstream: &str, end: &End) -> Error {
    match end {
        End::Lost(why) => lost(upstream, why),
        End::Late => Error::new(
            Code::CallTimeout,
            format!(
                "The upstream \"{upstream}\" did not answer in time and was asked to stop. Whether the \
                 call had an effect is not known: check before you repeat it."
            ),
        ),
        End::Cancelled => Error::new(Code::Cancelled, "The call was cancelled by its client."),
    }
}

fn lost(upstream: &str, why: &Lost) -> Error {
    match why {
        Lost::Gone => Error::new(
            Code::WorkerLost,
            format!(
                "The worker of the upstream \"{upstream}\" ended during the call. Whether the call had \
                 an effect is not known: check before you repeat it."
            ),
        ),
        Lost::Invalid(what) => Error::new(
            Code::UpstreamInvalid,
            format!(
                "The upstream \"{upstream}\" answered {what}. Whether the call had an effect is not \
                 known: check before you repeat it."
            ),
        ),
        Lost::Refused(refusal) => {
            let problem = &refusal.problem;
            tracing::warn!(upstream, problem, "the upstream took no request");
            Error::new(
                Code::UpstreamUnavailable,
                format!(
                    "The upstream \"{upstream}\" did not take the call, which had no effect; an \
                     operator can see why."
                ),
            )
            .retry_after(Duration::from_secs(1))
        }
    }
}
