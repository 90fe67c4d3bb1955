//! Answers as server-sent events, made so that nothing on the way holds them back.

use super::{answer::Addressee, era::Era, tools_call::KEEP_ALIVE};
use crate::{
    call::RequestId,
    pool::pending::{Event, Progress},
    respond::{REQUEST_ID_HEADER, error_body},
    upstream::exchange::Exchange,
};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use std::convert::Infallible;

/// Tells nginx and its like to pass every event on at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A call's events until its answer. Dropping the body drops the exchange.
pub fn of(
    exchange: Exchange,
    first: Option<Progress>,
    addressee: Addressee,
    upstream_era: Era,
    id: RequestId,
) -> Response {
    let events = Events {
        exchange,
        first,
        addressee,
        upstream_era,
        id,
        over: false,
    };
    let body = Body::from_stream(stream::unfold(events, |mut events| async {
        let frame = events.next_frame().await?;
        Some((Ok::<_, Infallible>(frame), events))
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

struct Events {
    exchange: Exchange,
    first: Option<Progress>,
    addressee: Addressee,
    upstream_era: Era,
    id: RequestId,
    over: bool,
}

impl Events {
    /// The next event, or a comment when there was none for a while.
    async fn next_frame(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if let Some(frame) = self
            .first
            .take()
            .and_then(|first| self.addressee.progress(&first))
        {
            return Some(message(&frame));
        }
        loop {
            let Ok(event) = tokio::time::timeout(KEEP_ALIVE, self.exchange.next()).await else {
                return Some(Bytes::from_static(
                    b": still running

",
                ));
            };
            match event {
                Ok(Event::Progress(progress)) => {
                    if let Some(frame) = self.addressee.progress(&progress) {
                        return Some(message(&frame));
                    }
                }
                Ok(Event::Answer(answer)) => {
                    self.over = true;
                    return Some(message(&self.addressee.answer(&answer, self.upstream_era)));
                }
                Err(error) => {
                    self.over = true;
                    let id = str::from_utf8(&self.addressee.id).ok();
                    return Some(message(&error_body(
                        &error,
                        self.addressee.era,
                        self.id,
                        id,
                    )));
                }
            }
        }
    }
}

/// One JSON message as an event; it has no line breaks, as it came in one line or was made here.
fn message(json: &[u8]) -> Bytes {
    [b"event: message\ndata: ", json, b"\n\n"].concat().into()
}
