//! Event streams of upstreams.

use bytes::Bytes;
use futures_util::StreamExt as _;
use reqwest::Response;
use sse_stream::SseStream;
use std::time::Duration;

/// What one event says.
pub(super) struct Event {
    pub(super) name: Option<String>,
    pub(super) data: Option<Bytes>,
    pub(super) id: Option<String>,
    pub(super) retry: Option<Duration>,
}

pub(super) struct Events(futures_util::stream::BoxStream<'static, Result<Option<Event>, String>>);

impl Events {
    pub(super) fn of(response: Response) -> Self {
        let events = SseStream::from_bytes_stream(response.bytes_stream());
        let events = events.map(|event| {
            let event = match event {
                Ok(event) => event,
                Err(sse_stream::Error::Body(error)) => return Err(error.to_string()),
                Err(_) => return Ok(None),
            };
            Ok(Some(Event {
                name: event.event,
                data: event.data.filter(|data| !data.is_empty()).map(Bytes::from),
                id: event.id,
                retry: event.retry.map(Duration::from_millis),
            }))
        });
        Self(events.boxed())
    }

    /// `None`: the stream is over, or broke off. What is no event is skipped.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.0.next().await?.transpose() {
                return event.ok();
            }
        }
    }
}
