//! HTTP+SSE, the transport of 2024-11-05, for clients that know no other: one stream for everything that
//! they hear, and an address for what they say. Each message goes the way of Streamable HTTP; what would
//! be its response goes to the stream.

use super::{
    endpoint,
    event_stream::{self, Events},
    headers::{PROTOCOL_VERSION, SESSION_ID},
    legacy::NothingAsked,
    origin,
};
use crate::{
    call::Arrival,
    connections::{Lasting, SLOW_READER},
    error::Error,
    record::OpenRecord,
    respond,
    route::Endpoint,
    state::State,
};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, Query, State as Shared, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
    request::Parts,
};
use http_body_util::BodyExt as _;
use ostia_domain::{code::Code, usage::Outcome};
use serde::Deserialize;
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Where messages are posted.
pub const MESSAGES: &str = "/messages";
/// Events a client may be behind before its reader is waited for.
const BUFFER: usize = 64;
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

struct OpenStream {
    /// The key whose stream it is.
    owner: Uuid,
    endpoint: Endpoint,
    /// The MCP session, once there is one.
    session: Mutex<Option<HeaderValue>>,
    events: Events,
}

/// The open streams of an edge.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<Uuid, Arc<OpenStream>>>);

impl Streams {
    fn find(&self, id: Uuid) -> Option<Arc<OpenStream>> {
        self.map().get(&id).cloned()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<OpenStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /sse` and `GET /sse/<upstream>`.
pub async fn open(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upstream: Option<Path<String>>,
    request: Request<Body>,
) -> Response {
    let arrival = state.arrive(remote, request.headers());
    let (parts, _) = request.into_parts();
    let (owner, mut record) = match owner(&state, &parts, &arrival).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    record.ended(Outcome::Ok, 0);
    let id = Uuid::new_v4();
    let (events, receiver) = mpsc::channel(BUFFER);
    let named = format!("event: endpoint\ndata: {MESSAGES}?stream={id}\n\n");
    // There is room: nothing else was sent yet.
    let _ = events.try_send(Ok(Bytes::from(named)));
    let stream = OpenStream {
        owner,
        endpoint: upstream.map_or(Endpoint::Everything, |Path(name)| Endpoint::named(name)),
        session: Mutex::default(),
        events: events.clone(),
    };
    state.http_sse.map().insert(id, Arc::new(stream));
    let (tasks, draining) = (state.tasks.clone(), state.draining.clone());
    tasks.spawn(async move {
        tokio::select! {
            () = events.closed() => {}
            () = draining.cancelled() => {}
        }
        state.http_sse.map().remove(&id);
    });
    let mut response = event_stream::response(receiver, arrival.id);
    response.extensions_mut().insert(Lasting);
    response
}

#[derive(Deserialize)]
pub struct Named {
    stream: Uuid,
}

/// `POST /messages?stream=…`.
pub async fn post(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    named: Result<Query<Named>, QueryRejection>,
    request: Request<Body>,
) -> Response {
    let arrival = state.arrive(remote, request.headers());
    let (mut parts, body) = request.into_parts();
    let (owner, mut record) = match owner(&state, &parts, &arrival).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    let stream = named
        .ok()
        .and_then(|Query(named)| state.http_sse.find(named.stream));
    let Some(stream) = stream.filter(|stream| stream.owner == owner) else {
        let message = "There is no such stream for this API key. Open one with GET /sse.";
        let error = Error::new(Code::SessionUnknown, message);
        record.failed(&error);
        return respond::legacy_error(&error, arrival.id);
    };
    // What is done is written down where it is done.
    record.discard();
    parts.headers.insert(ACCEPT, EVENT_STREAM);
    parts.headers.remove(PROTOCOL_VERSION);
    stream.put_session(&mut parts);
    parts.uri = Uri::from_static("/mcp");
    let request = Request::from_parts(parts.clone(), body);
    let endpoint = stream.endpoint.clone();
    let response = endpoint::serve(Arc::clone(&state), remote, endpoint, request).await;
    if let Some(session) = response.headers().get(SESSION_ID) {
        *stream
            .session
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        stream.put_session(&mut parts);
        listen(&state, remote, &stream, parts).await;
    }
    stream.take(&state, response).await
}

/// Whose request this is, and its record; or the refusal.
async fn owner(
    state: &State,
    parts: &Parts,
    arrival: &Arrival,
) -> Result<(Uuid, OpenRecord), Response> {
    let mut record = state.recorder.open(arrival);
    record.client(parts.headers.get(USER_AGENT));
    record.method(&format!("{} {}", parts.method, parts.uri.path()));
    let identified = match origin::check(&state.config, &parts.headers, &parts.uri) {
        Ok(()) => endpoint::identify(state, &parts.headers, arrival, &mut record).await,
        Err(error) => Err(error),
    };
    match identified {
        Ok(principal) => Ok((principal.key_id, record)),
        Err(error) => {
            record.failed(&error);
            Err(respond::legacy_error(&error, arrival.id))
        }
    }
}

/// What a client of Streamable HTTP hears on a stream of its own.
async fn listen(state: &Arc<State>, remote: SocketAddr, stream: &OpenStream, mut parts: Parts) {
    parts.method = Method::GET;
    let request = Request::from_parts(parts, Body::empty());
    let endpoint = stream.endpoint.clone();
    let response = endpoint::serve(Arc::clone(state), remote, endpoint, request).await;
    if is_event_stream(&response) {
        stream.forward(state, response.into_body());
    }
}

impl OpenStream {
    fn put_session(&self, parts: &mut Parts) {
        parts.headers.remove(SESSION_ID);
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = session.clone() {
            parts.headers.insert(SESSION_ID, session);
        }
    }

    /// Puts a response on the stream. A refusal of the request as such stays the answer to the post.
    async fn take(&self, state: &State, response: Response) -> Response {
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
    fn forward(&self, state: &State, body: Body) {
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

fn is_event_stream(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE) == Some(&EVENT_STREAM)
}
