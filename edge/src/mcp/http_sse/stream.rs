//! The streams that are open, and what goes to them.

use super::super::{
    event_stream::{self, Events},
    headers::SESSION_ID,
    legacy::NothingAsked,
};
use crate::{connections::SLOW_READER, route::Endpoint, state::State};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::BodyExt as _;
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

pub const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

pub struct OpenStream {
    /// The key whose stream it is.
    pub owner: Uuid,
    pub endpoint: Endpoint,
    /// The MCP session, once there is one.
    pub session: Mutex<Option<HeaderValue>>,
    pub events: Events,
}

/// The open streams of an edge.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<Uuid, Arc<OpenStream>>>);

impl Streams {
    pub fn find(&self, id: Uuid) -> Option<Arc<OpenStream>> {
        self.map().get(&id).cloned()
    }

    pub fn map(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<OpenStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenStream {
    pub fn put_session(&self, parts: &mut Parts) {
        parts.headers.remove(SESSION_ID);
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = session.clone() {
            parts.headers.insert(SESSION_ID, session);
        }
    }

    /// Puts a response on the stream. A refusal of the request as such stays the answer to the post.
    pub async fn take(&self, state: &State, response: Response) -> Response {
        if is_event_stream(&response) {
            self.forward(state, response.into_body());
            return StatusCode::ACCEPTED.into_response();
        }
        if response.extensions().get::<NothingAsked>().is_some() {
            // Clients of this transport give up their connection over a refusal, and an answer may come
            // a moment too late through nobody's fault.
            return StatusCode::ACCEPTED.into_response();
        }
        if response.status() != StatusCode::OK {
            return response;
        }
        let Ok(body) = response.into_body().collect().await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let event = event_stream::message(&body.to_bytes());
        if event_stream::send(&self.events, event).await.is_err() {
            return StatusCode::GONE.into_response();
        }
        StatusCode::ACCEPTED.into_response()
    }

    /// Events are events, wherever they go.
    pub fn forward(&self, state: &State, body: Body) {
        let events = self.events.clone();
        state.tasks.spawn(async move {
            let mut chunks = body.into_data_stream();
            loop {
                let chunk = tokio::select! {
                    chunk = chunks.next() => chunk,
                    () = events.closed() => None,
                };
                let Some(chunk) = chunk else { return };
                // Clients of this transport take an event without data for a message that is broken.
                if chunk
                    .as_ref()
                    .is_ok_and(|event| event.ends_with(b"\ndata:\n\n"))
                {
                    continue;
                }
                let failed = |error| io::Error::other(format!("{error}"));
                let sent = events.send(chunk.map_err(failed));
                if tokio::time::timeout(SLOW_READER, sent).await.is_err() {
                    return;
                }
            }
        });
    }
}

pub fn is_event_stream(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE) == Some(&EVENT_STREAM)
}
