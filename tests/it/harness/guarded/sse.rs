//! The same server over HTTP+SSE: one stream for all that it says, and an address for what is said to it.

use super::{Guarded, serve};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::mpsc;

/// Events that a stream may be behind.
const BEHIND: usize = 1_000;

impl Guarded {
    pub(crate) fn sse_url(&self) -> String {
        format!("http://{}/sse", self.address)
    }

    /// Ends the stream that there is.
    pub(crate) fn end_stream(&self) {
        self.stream.lock().expect("a stream").take();
    }

    /// How often a stream was opened.
    pub(crate) fn streams(&self) -> usize {
        *self.streams.lock().expect("a number")
    }
}

pub(super) async fn open(State(server): State<Arc<Guarded>>, headers: HeaderMap) -> Response {
    if !server.lets_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (events, written) = mpsc::channel(BEHIND);
    let address = "event: endpoint\ndata: /messages\n\n".to_owned();
    events.try_send(address).expect("room");
    *server.stream.lock().expect("a stream") = Some(events);
    *server.streams.lock().expect("a number") += 1;
    let body = stream::unfold(written, async |mut written| {
        let event = written.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), written))
    });
    let kind = [("content-type", "text/event-stream")];
    (kind, Body::from_stream(body)).into_response()
}

/// Takes a message, and says on the stream what is to be said to it.
pub(super) async fn post(server: State<Arc<Guarded>>, headers: HeaderMap, body: Bytes) -> Response {
    let State(guarded) = &server;
    let guarded = Arc::clone(guarded);
    let answer = serve(server, headers, body).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let said = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    let said = String::from_utf8(said.expect("a body").into()).expect("UTF-8");
    let events = guarded.stream.lock().expect("a stream").clone();
    if let Some(events) = events {
        // Whoever opened it may be gone.
        let _ = events
            .send(format!("event: message\ndata: {said}\n\n"))
            .await;
    }
    StatusCode::ACCEPTED.into_response()
}

impl Guarded {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(AUTHORIZATION);
        let presented = presented.and_then(|value| value.to_str().ok());
        presented.is_some_and(|value| self.valid.lock().expect("a set").contains(value))
    }
}
