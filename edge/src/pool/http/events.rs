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

pub(super) struct Events(futures_util::stream::BoxStream<'static, Result<Event, String>>);

impl Events {
    pub(super) fn of(response: Response) -> Self {
        let events = SseStream::from_bytes_stream(response.bytes_stream());
        let events = events.map(|event| {
            let event = event.map_err(|error| error.to_string())?;
            Ok(Event {
                name: event.event,
                data: event.data.filter(|data| !data.is_empty()).map(Bytes::from),
                id: event.id,
                retry: event.retry.map(Duration::from_millis),
            })
        });
        Self(events.boxed())
    }

    /// `None`: the stream is over, or broke off.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.0.next().await?.ok()
    }
}
