//! A request that was read, and how it is answered.

use super::{
    envelope::{Message, Meta, Params},
    era::Era,
    event_stream,
    headers::Accepts,
    session::Session,
};
use crate::{
    call::Arrival, error::Error, record::OpenRecord, respond, route::Endpoint, state::State,
};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use ostia_domain::{capability::ClientCapabilities, principal::Principal};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A request whose caller is known and whose body was read as one message.
pub struct Received<'a> {
    pub state: &'a Arc<State>,
    pub arrival: Arrival,
    pub endpoint: Endpoint,
    pub principal: Arc<Principal>,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
    pub message: Message<'a>,
    pub params: Option<Params<'a>>,
    pub meta: Option<Meta<'a>>,
    pub era: Era,
    /// What the client declared that it can do: with this request, or when it opened its session.
    pub capabilities: ClientCapabilities,
    /// Of a legacy client.
    pub session: Option<Session>,
    pub accepts: Accepts,
}

impl Received<'_> {
    /// The id as the client wrote it. A request always has one by now.
    pub fn id(&self) -> &str {
        self.message.id.map_or("null", |id| id.get())
    }

    /// What the client can be asked in the middle of this request: in the legacy era that takes a stream.
    pub fn askable(&self) -> ClientCapabilities {
        match self.era {
            Era::Legacy if !self.accepts.event_stream => ClientCapabilities::NONE,
            Era::Legacy | Era::Modern => self.capabilities,
        }
    }
}

/// Answers a request with an error and notes it.
pub fn refuse(received: &Received<'_>, mut record: OpenRecord, error: &Error) -> Response {
    record.failed(error);
    let id = received.message.id.map(RawValue::get);
    respond::error(error, received.era, received.arrival.id, id)
}

/// The body of an answer that Ostia makes itself.
pub fn answered(received: &Received<'_>, result: &str) -> (Response, usize) {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#,
        received.id()
    );
    let bytes = body.len();
    let json = respond::json_response(
        StatusCode::OK,
        Body::from(body.clone()),
        received.arrival.id,
    );
    if received.accepts.json {
        return (json, bytes);
    }
    let mut stream = (StatusCode::OK, format!("event: message\ndata: {body}\n\n")).into_response();
    event_stream::set_headers(stream.headers_mut(), received.arrival.id);
    (stream, bytes)
}

/// Adds a header to an answer.
pub fn with_header(
    (mut response, bytes): (Response, usize),
    name: http::HeaderName,
    value: HeaderValue,
) -> (Response, usize) {
    response.headers_mut().insert(name, value);
    (response, bytes)
}
