//! Answers as server-sent events, made so that nothing on the way holds them back.

use super::{
    conversation::{Conversation, Frame},
    relay::KEEP_ALIVE,
    replay::Recorded,
};
use crate::{call::RequestId, connections::SLOW_READER, respond::REQUEST_ID_HEADER};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use std::{io, sync::Arc};
use tokio::sync::mpsc;

/// Tells nginx and its like to pass every event on at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Clients of this revision know an event without data; it tells where a stream begins.
const PRIMED_SINCE: &str = "2025-11-25";
/// Events a client may be behind before its reader is waited for.
const BUFFER: usize = 16;
/// A request's events until its answer. A modern client that goes away, or reads too slowly, ends its
/// request; a legacy one finds the rest when it comes back.
pub fn of(conversation: Conversation, first: Option<Frame>, id: RequestId) -> Response {
    let tasks = conversation.state.tasks.clone();
    if let Some(session) = conversation.session() {
        let recorded = conversation.state.replays.open(session.id);
        if session.revision >= PRIMED_SINCE {
            recorded.prime();
        }
        let response = recorded.read_from(0, id);
        tasks.spawn(record(conversation, first, recorded));
        return response;
    }
    let (events, receiver) = mpsc::channel(BUFFER);
    tasks.spawn(async move {
        let gone = events.clone();
        tokio::select! {
            () = pump(conversation, first, &events) => {}
            () = gone.closed() => {}
        }
    });
    response(receiver, id)
}

/// Writes down what a legacy client hears, whether it listens or not.
async fn record(mut conversation: Conversation, first: Option<Frame>, recorded: Arc<Recorded>) {
    let mut first = first;
    loop {
        let frame = match first.take() {
            Some(frame) => frame,
            None => conversation.next().await,
        };
        match frame {
            Frame::Message(text) => recorded.push(&text),
            Frame::Last(last) => {
                recorded.push(&last.body);
                break;
            }
            // Only modern clients are asked this way.
            Frame::Asked(_) => break,
        }
    }
    recorded.end();
}

async fn pump(mut conversation: Conversation, first: Option<Frame>, events: &Events) {
    let mut first = first;
    loop {
        let next = match first.take() {
            Some(frame) => Ok(frame),
            None => tokio::time::timeout(KEEP_ALIVE, conversation.next()).await,
        };
        let (event, over) = match next {
            Err(_) => (comment(), false),
            Ok(Frame::Message(text)) => (message(&text), false),
            Ok(Frame::Last(last)) => (message(&last.body), true),
            Ok(Frame::Asked(question)) => {
                let last = conversation.park(question);
                let _ = send(events, message(&last.body)).await;
                return;
            }
        };
        if send(events, event).await.is_err() || over {
            return;
        }
    }
}

/// What a stream's body is made from; an error breaks the connection off.
pub type Events = mpsc::Sender<io::Result<Bytes>>;

/// The client went away or reads too slowly.
pub struct Cut;

/// Waits for the reader, within bounds.
pub async fn send(events: &Events, event: Bytes) -> Result<(), Cut> {
    match events.send_timeout(Ok(event), SLOW_READER).await {
        Ok(()) => Ok(()),
        Err(_) => Err(Cut),
    }
}

/// The response whose body these events are.
pub fn response(receiver: mpsc::Receiver<io::Result<Bytes>>, id: RequestId) -> Response {
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    }));
    let mut response = (StatusCode::OK, body).into_response();
    set_headers(response.headers_mut(), id);
    response
}

pub fn set_headers(headers: &mut HeaderMap, id: RequestId) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    headers.insert(REQUEST_ID_HEADER, id.header_value());
}

/// Keeps proxies from taking a silent connection for dead.
pub fn comment() -> Bytes {
    Bytes::from_static(b": still running\n\n")
}

/// One JSON message as an event. It is one line there; an upstream over HTTP may have sent more, which
/// in JSON only stand between tokens.
pub fn message(json: &[u8]) -> Bytes {
    let mut event = [b"event: message\ndata: ", json, b"\n\n"].concat();
    if memchr::memchr2(b'\n', b'\r', json).is_some() {
        let data = event.len() - json.len() - 2;
        for byte in &mut event[data..data + json.len()] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    event.into()
}
