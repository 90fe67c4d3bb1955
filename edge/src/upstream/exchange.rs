//! One call that an upstream has, until it is over for everybody.

use crate::{
    admit::Admission,
    error::Error,
    mcp::{answer::outcome, era::Era},
    pool::{
        Lease,
        pending::{Event, Lost, Pending},
    },
    record::OpenRecord,
};
use ostia_domain::{clock, code::Code};
use std::time::Instant;
use tokio_util::task::TaskTracker;

/// Holds everything a call occupies and gives it back at the end.
///
/// A client that goes away ends its call in the modern era. In the legacy one the call goes on, as the
/// specification asks: its place stays taken and its record is completed without anybody listening.
pub struct Exchange {
    open: Option<Open>,
    deadline: Instant,
    client_era: Era,
    upstream_era: Era,
    upstream: String,
    tasks: TaskTracker,
}

struct Open {
    pending: Pending,
    record: OpenRecord,
    _lease: Lease,
    _admission: Admission,
}

impl Exchange {
    pub fn new(
        pending: Pending,
        (lease, admission, record): (Lease, Admission, OpenRecord),
        (client_era, upstream_era): (Era, Era),
        (upstream, deadline): (&str, Instant),
        tasks: TaskTracker,
    ) -> Self {
        let open = Open {
            pending,
            record,
            _lease: lease,
            _admission: admission,
        };
        Self {
            open: Some(open),
            deadline,
            client_era,
            upstream_era,
            upstream: upstream.to_owned(),
            tasks,
        }
    }

    pub fn upstream_era(&self) -> Era {
        self.upstream_era
    }

    /// The next event of the call, or its end as an error. After an answer or an error there is none.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let Some(open) = &mut self.open else {
            return Err(lost(&self.upstream));
        };
        let result = next_before(&mut open.pending, self.deadline).await;
        let result = result.map_err(|end| match end {
            End::Lost => lost(&self.upstream),
            End::Late => late(&self.upstream),
        });
        match &result {
            Ok(Event::Progress(_)) => {}
            Ok(Event::Answer(answer)) => {
                open.record.ended(outcome(answer), answer.payload.len());
                self.open = None;
            }
            Err(error) => {
                open.pending.cancel("the call took too long");
                open.record.failed(error);
                self.open = None;
            }
        }
        result
    }
}

enum End {
    Lost,
    Late,
}

async fn next_before(pending: &mut Pending, deadline: Instant) -> Result<Event, End> {
    match tokio::time::timeout_at(deadline.into(), pending.next()).await {
        Ok(Ok(event)) => Ok(event),
        Ok(Err(Lost)) => Err(End::Lost),
        Err(_) => Err(End::Late),
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        if self.client_era == Era::Modern {
            open.pending.cancel("the client closed the response");
            return;
        }
        let (deadline, upstream) = (self.deadline, std::mem::take(&mut self.upstream));
        self.tasks.spawn(async move {
            loop {
                match next_before(&mut open.pending, deadline).await {
                    Ok(Event::Progress(_)) => {}
                    Ok(Event::Answer(answer)) => {
                        return open.record.ended(outcome(&answer), answer.payload.len());
                    }
                    Err(End::Lost) => return open.record.failed(&lost(&upstream)),
                    Err(End::Late) => {
                        open.pending.cancel("the call took too long");
                        return open.record.failed(&late(&upstream));
                    }
                }
            }
        });
    }
}

/// When a call that begins now must be over.
pub fn deadline(timeout: std::time::Duration) -> Instant {
    clock::instant() + timeout
}

pub fn lost(upstream: &str) -> Error {
    Error::new(
        Code::WorkerLost,
        format!(
            "The worker of the upstream \"{upstream}\" ended during the call. Whether the call had an \
             effect is not known: check before you repeat it."
        ),
    )
}

fn late(upstream: &str) -> Error {
    Error::new(
        Code::CallTimeout,
        format!(
            "The upstream \"{upstream}\" did not answer in time and was asked to stop. Whether the call \
             had an effect is not known: check before you repeat it."
        ),
    )
}
