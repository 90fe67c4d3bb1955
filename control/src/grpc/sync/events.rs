//! What a watch sends: what changed, and questions.

use crate::{
    app::edges::{Ask, Question},
    snapshot::{Event, Subscription},
};
use futures_util::stream;
use ostia_proto::v1::{self, question, watch_response};
use std::future::pending;
use tokio::sync::mpsc;
use tonic::Status;

const TOO_SLOW: &str = "this watch was too slow and missed changes of keys: begin again";

pub(super) struct Watch {
    pub(super) subscription: Subscription,
    /// None for a peer that answers none.
    pub(super) questions: mpsc::Receiver<Question>,
    /// Something was sent. Before that nothing is asked: to begin must not be broken off.
    pub(super) begun: bool,
}

pub(super) fn events(
    watch: Watch,
) -> impl stream::Stream<Item = Result<v1::WatchResponse, Status>> {
    stream::unfold(Some(watch), async |watch| {
        let mut watch = watch?;
        let Ok(event) = watch.next().await? else {
            let ended = Status::resource_exhausted(TOO_SLOW);
            return Some((Err(ended), None));
        };
        let event = Some(event);
        Some((Ok(v1::WatchResponse { event }), Some(watch)))
    })
}

/// The peer missed changes.
struct TooSlow;

impl Watch {
    async fn next(&mut self) -> Option<Result<watch_response::Event, TooSlow>> {
        let asked = async {
            if self.begun {
                self.questions.recv().await
            } else {
                pending().await
            }
        };
        let event = tokio::select! {
            biased;
            event = self.subscription.next() => event?.map(message).map_err(|_| TooSlow),
            Some(question) = asked => Ok(watch_response::Event::Question(question.into())),
        };
        self.begun = true;
        Some(event)
    }
}

fn message(event: Event) -> watch_response::Event {
    match event {
        Event::Snapshot(told) => {
            watch_response::Event::Snapshot(v1::Snapshot::of(&told.snapshot, told.source()))
        }
        Event::Change(change) => watch_response::Event::SnapshotChange((&*change).into()),
        Event::KeysChanged(keys) => watch_response::Event::KeysChanged(v1::KeysChanged {
            key_ids: keys.iter().map(ToString::to_string).collect(),
        }),
        Event::Heartbeat => watch_response::Event::Heartbeat(v1::Heartbeat {}),
    }
}

impl From<Question> for v1::Question {
    fn from(asked: Question) -> Self {
        Self {
            id: asked.id.to_string(),
            ask: Some(match asked.ask {
                Ask::Probe(upstream) => question::Ask::Probe(Box::new((*upstream).into())),
                Ask::Output(upstream) => question::Ask::Output(upstream.to_string()),
            }),
        }
    }
}
