//! HTTP+SSE, the transport of 2024-11-05, for clients that know no other: one stream for everything that
//! they hear, and an address for what they say. Each message goes the way of Streamable HTTP; what would
//! be its response goes to the stream.

mod name;
mod stream;

pub use stream::Streams;

use self::{
    name::Name,
    stream::{EVENT_STREAM, OpenStream, is_event_stream},
};
use super::{
    endpoint, event_stream,
    forward::{self, Came, Onward, Place},
    headers::{PROTOCOL_VERSION, SESSION_ID},
    origin,
    owner::Owner,
    read,
};
use crate::{
    call::Arrival, connections::Lasting, error::Error, record::OpenRecord, respond,
    route::Endpoint, state::State,
};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, Query, State as Shared, rejection::QueryRejection},
    response::Response,
};
use http::{
    Method, Request, Uri,
    header::{ACCEPT, USER_AGENT},
    request::Parts,
};
use ostia_domain::{code::Code, usage::Outcome};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Where messages are posted.
pub const MESSAGES: &str = "/messages";
/// The parameter that says to which stream.
pub const STREAM: &str = "stream";
/// Events a client may be behind before its reader is waited for.
const BUFFER: usize = 64;

/// `GET /sse` and `GET /sse/<upstream>`.
pub async fn open(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upstream: Option<Path<String>>,
    request: Request<Body>,
) -> Response {
    let arrival = state.arrive(remote, request.headers());
    let (parts, _) = request.into_parts();
    let (owner, mut record) = match owner(&state, &parts, &arrival, Came::FromClient).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    record.ended(Outcome::Ok, 0);
    let id = Uuid::new_v4();
    let (events, receiver) = mpsc::channel(BUFFER);
    let name = Name::of(&state, id).write(&state.sealer, owner);
    let named = format!("event: endpoint\ndata: {MESSAGES}?{STREAM}={name}\n\n");
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
    stream: String,
}

/// `POST /messages?stream=…`.
pub async fn post(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    named: Result<Query<Named>, QueryRejection>,
    request: Request<Body>,
) -> Response {
    let mut arrival = state.arrive(remote, request.headers());
    let came = forward::came(&state, request.headers());
    if let Came::Forwarded(client) = came {
        arrival.remote = client;
    }
    let (mut parts, mut body) = request.into_parts();
    let (owner, mut record) = match owner(&state, &parts, &arrival, came).await {
        Ok(known) => known,
        Err(refused) if came == Came::Stray => return forward::stray(refused),
        Err(refused) => return refused,
    };
    let text = named.map_or_else(|_| String::new(), |Query(named)| named.stream);
    let name = Name::read(&text, &state.sealer, owner);
    if came == Came::FromClient
        && let Some(at) = name.as_ref().and_then(|name| name.at.as_ref())
        && at.id != state.own.id
    {
        body = match elsewhere(&state, at, (&text, &parts, body), &arrival).await {
            Ok(Sent::Answered(answer)) => {
                record.discard();
                return answer;
            }
            Ok(Sent::Nowhere(body)) => body,
            Err(error) => {
                record.failed(&error);
                return respond::legacy_error(&error, arrival.id);
            }
        };
    }
    let stream = name.and_then(|name| state.http_sse.find(name.id));
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

/// What became of a message for a stream of another edge.
enum Sent {
    Answered(Response),
    /// That edge is gone, and its streams with it.
    Nowhere(Body),
}

async fn elsewhere(
    state: &State,
    at: &Owner,
    (stream, parts, body): (&str, &Parts, Body),
    arrival: &Arrival,
) -> Result<Sent, Error> {
    let body = read::body(body, state.config.max_body_bytes).await?;
    let onward = Onward {
        method: Method::POST,
        to: Place::Messages(stream),
        headers: &parts.headers,
        body: body.clone(),
        arrival,
    };
    let answer = forward::to_owner(state, at, onward).await?;
    Ok(answer.map_or(Sent::Nowhere(body.into()), Sent::Answered))
}

/// Whose request this is, and its record; or the refusal.
async fn owner(
    state: &State,
    parts: &Parts,
    arrival: &Arrival,
    came: Came,
) -> Result<(Uuid, OpenRecord), Response> {
    let mut record = state.recorder.open(arrival);
    record.client(parts.headers.get(USER_AGENT));
    record.method(&format!("{} {}", parts.method, parts.uri.path()));
    let checked = match came {
        Came::FromClient => origin::check(&state.config, &parts.headers, &parts.uri),
        // Whoever forwarded it has checked what it was called.
        Came::Forwarded(_) => Ok(()),
        Came::Stray => Err(Error::new(
            Code::SessionUnknown,
            "This request was for another Ostia.",
        )),
    };
    let identified = match checked {
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
