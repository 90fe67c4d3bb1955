//! Streams of legacy clients that can be picked up where they broke off, with `Last-Event-ID`.
//!
//! A legacy request goes on when its client goes away, and so does its stream: into a buffer, from which
//! whoever asks for it reads. The buffer is bounded. A reader that falls behind it is cut off, and may
//! come back for what there still is.

use super::{event_stream, relay::KEEP_ALIVE};
use crate::call::RequestId;
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::StatusCode;
use moka::sync::Cache;
use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// How long a stream can be picked up after it was last looked at.
const KEPT: Duration = Duration::from_secs(300);
/// Streams that are kept, of all sessions together.
const MAX_STREAMS: u64 = 10_000;
/// Events and bytes of one stream. One event alone may be larger.
const MAX_EVENTS: usize = 256;
const MAX_BYTES: usize = 4 << 20;

#[derive(Default)]
struct Buffer {
    events: VecDeque<Bytes>,
    bytes: usize,
    /// The number of the first event that is still there.
    first: u64,
    over: bool,
}

/// The events of one response.
pub struct Recorded {
    number: u64,
    buffer: Mutex<Buffer>,
    more: Notify,
}

/// Of all sessions, by session and the number of the stream.
pub struct Replays {
    streams: Cache<(Uuid, u64), Arc<Recorded>>,
    next: AtomicU64,
}

impl Default for Replays {
    fn default() -> Self {
        Self {
            streams: Cache::builder()
                .max_capacity(MAX_STREAMS)
                .time_to_idle(KEPT)
                .build(),
            next: AtomicU64::new(1),
        }
    }
}

impl Replays {
    pub fn open(&self, session: Uuid) -> Arc<Recorded> {
        let recorded = Arc::new(Recorded {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            buffer: Mutex::default(),
            more: Notify::new(),
        });
        self.streams
            .insert((session, recorded.number), Arc::clone(&recorded));
        recorded
    }

    /// What came after this event of the session, and comes yet.
    pub fn after(&self, session: Uuid, last: &str, id: RequestId) -> Option<Response> {
        let (number, event) = last.split_once('-')?;
        let key = (session, number.parse().ok()?);
        let next = event.parse::<u64>().ok()?.checked_add(1)?;
        let recorded = self.streams.get(&key)?;
        Some(recorded.read_from(next, id))
    }
}

impl Recorded {
    /// Adds a message as an event with an id.
    pub fn push(&self, json: &[u8]) {
        self.add(|number| {
            let id = format!("id: {}-{number}\n", self.number);
            [id.as_bytes(), &event_stream::message(json)]
                .concat()
                .into()
        });
    }

    /// An event that says nothing but where the stream begins, so that it can be picked up from there.
    pub fn prime(&self) {
        self.add(|number| Bytes::from(format!("id: {}-{number}\ndata:\n\n", self.number)));
    }

    fn add(&self, event: impl FnOnce(u64) -> Bytes) {
        {
            let mut buffer = self.lock();
            let event = event(buffer.first + buffer.events.len() as u64);
            buffer.bytes += event.len();
            buffer.events.push_back(event);
            while buffer.events.len() > MAX_EVENTS
                || (buffer.bytes > MAX_BYTES && buffer.events.len() > 1)
            {
                let gone = buffer.events.pop_front().unwrap_or_default();
                buffer.bytes -= gone.len();
                buffer.first += 1;
            }
        }
        self.more.notify_waiters();
    }

    /// Nothing more comes.
    pub fn end(&self) {
        self.lock().over = true;
        self.more.notify_waiters();
    }

    /// A response with the events from this one on.
    pub fn read_from(self: &Arc<Self>, next: u64, id: RequestId) -> Response {
        let reader = (Arc::clone(self), next);
        let body = stream::unfold(reader, |(recorded, next)| async move {
            let event = recorded.event(next).await?;
            let next = match &event {
                Ok(Some(_)) => next + 1,
                Ok(None) | Err(_) => next,
            };
            let frame = event.map(|event| event.unwrap_or_else(event_stream::comment));
            Some((frame, (recorded, next)))
        });
        let mut response = (StatusCode::OK, Body::from_stream(body)).into_response();
        event_stream::set_headers(response.headers_mut(), id);
        response
    }

    /// The event of that number; `Ok(None)` where there was none for a while, and nothing at the end.
    async fn event(&self, number: u64) -> Option<io::Result<Option<Bytes>>> {
        let wait = async {
            loop {
                let more = self.more.notified();
                {
                    let buffer = self.lock();
                    let Some(at) = number.checked_sub(buffer.first) else {
                        let behind = io::Error::other("the reader was too slow");
                        return Some(Err(behind));
                    };
                    let event = usize::try_from(at)
                        .ok()
                        .and_then(|at| buffer.events.get(at));
                    if let Some(event) = event {
                        return Some(Ok(Some(event.clone())));
                    }
                    if buffer.over {
                        return None;
                    }
                }
                more.await;
            }
        };
        match tokio::time::timeout(KEEP_ALIVE, wait).await {
            Ok(event) => event,
            Err(_) => Some(Ok(None)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use uuid::Uuid;

    async fn text(response: Response) -> String {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn id() -> RequestId {
        RequestId(Uuid::nil())
    }

    #[tokio::test]
    async fn a_stream_goes_on_where_it_was_left() {
        let replays = Replays::default();
        let session = Uuid::from_u128(1);
        let recorded = replays.open(session);
        recorded.prime();
        for message in ["{\"n\":1}", "{\"n\":2}"] {
            recorded.push(message.as_bytes());
        }
        recorded.end();
        let rest = replays.after(session, "1-1", id()).unwrap();
        assert_eq!(
            text(rest).await,
            "id: 1-2\nevent: message\ndata: {\"n\":2}\n\n"
        );
        assert!(replays.after(Uuid::from_u128(2), "1-1", id()).is_none());
        assert!(replays.after(session, "2-1", id()).is_none());
        assert!(replays.after(session, "nonsense", id()).is_none());
    }

    #[tokio::test]
    async fn what_comes_later_reaches_a_reader_that_waits() {
        let recorded = Replays::default().open(Uuid::nil());
        let later = async {
            recorded.push(b"{}");
            recorded.end();
        };
        let (read, ()) = tokio::join!(text(recorded.read_from(0, id())), later);
        assert!(read.ends_with("data: {}\n\n"));
    }

    #[tokio::test]
    async fn a_reader_that_falls_behind_is_cut_off() {
        let recorded = Replays::default().open(Uuid::nil());
        for _ in 0..=MAX_EVENTS {
            recorded.push(b"{}");
        }
        recorded.end();
        let body = recorded.read_from(0, id()).into_body();
        assert!(body.collect().await.is_err());
    }
}
