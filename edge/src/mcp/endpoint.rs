//! The HTTP endpoint: from bytes to a request of one era, by somebody known.

use super::{
    discover,
    envelope::{Malformed, Message, Meta, Params, is_object, is_request_id},
    era::{Era, claims_modern, is_revision},
    headers::{self, Accepts},
    initialize, legacy, listen, lists,
    relay::{self, Relayed},
    subscriptions,
};
use crate::{
    authenticate::{authenticate, presented},
    authorize::visible,
    call::Arrival,
    error::Error,
    mcp::{origin, session::Session},
    record::OpenRecord,
    respond,
    route::Endpoint,
    state::State,
    view::Kind,
};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header::USER_AGENT};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use ostia_domain::{
    capability::ClientCapabilities, code::Code, principal::Principal, usage::Outcome,
};
use serde_json::value::RawValue;
use std::{net::SocketAddr, sync::Arc, time::Duration};

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

/// `/mcp` and `/mcp/<upstream>`, every HTTP method.
pub async fn handle(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upstream: Option<Path<String>>,
    request: Request<Body>,
) -> Response {
    let arrival = state.arrive(remote);
    let mut record = state.recorder.open(&arrival);
    let endpoint = upstream.map_or(Endpoint::Everything, |Path(name)| Endpoint::named(name));
    let (parts, body) = request.into_parts();
    record.client(parts.headers.get(USER_AGENT));

    // Until the body was read, the header alone tells how to word a refusal.
    let claimed = parts
        .headers
        .get(headers::PROTOCOL_VERSION)
        .and_then(|version| version.to_str().ok());
    let era = if claimed.is_some_and(claims_modern) {
        Era::Modern
    } else {
        Era::Legacy
    };
    let refuse = |mut record: OpenRecord, error: Error| {
        record.failed(&error);
        respond::error(&error, era, arrival.id, None)
    };

    record.method(parts.method.as_str());
    if let Err(error) = origin::check(&state.config, &parts.headers, &parts.uri) {
        return refuse(record, error);
    }
    let principal = match identify(&state, &parts.headers, &arrival, &mut record).await {
        Ok(principal) => principal,
        Err(error) => return refuse(record, error),
    };
    match parts.method {
        Method::POST => {}
        Method::DELETE => return delete(&state, &parts.headers, &principal, &arrival, record),
        Method::GET if era == Era::Legacy && parts.headers.contains_key(headers::SESSION_ID) => {
            return match open_session(&state, &parts.headers, &principal, &arrival) {
                Ok(session) => {
                    record.ended(Outcome::Ok, 0);
                    let headers = &parts.headers;
                    listen::get(&state, principal, headers, endpoint, session, arrival.id)
                }
                Err(error) => refuse(record, error),
            };
        }
        _ => {
            let message = "Send JSON-RPC messages with POST; listen with GET and end with DELETE in a \
                           session.";
            return refuse(record, Error::new(Code::HttpMethodNotAllowed, message));
        }
    }
    let body = match read(body, state.config.max_body_bytes).await {
        Ok(body) => body,
        Err(error) => return refuse(record, error),
    };
    record.request_bytes(body.len());
    let message = match Message::parse(&body).map_err(malformed) {
        Ok(message) => message,
        Err(error) => return refuse(record, error),
    };
    let (params, meta) = match read_request(&message) {
        Ok(read) => read,
        Err(error) => {
            record.failed(&error);
            let id = message.id.filter(|id| is_request_id(id)).map(RawValue::get);
            return respond::error(&error, era, arrival.id, id);
        }
    };
    if let Some(method) = &message.method {
        record.method(method);
    }
    let modern = headers::is_modern(&parts.headers, meta.as_ref());
    let received = Received {
        state: &state,
        arrival,
        endpoint,
        principal,
        headers: &parts.headers,
        body: &body,
        message,
        params,
        meta,
        era: if modern { Era::Modern } else { Era::Legacy },
        capabilities: ClientCapabilities::NONE,
        session: None,
        accepts: Accepts::of(&parts.headers),
    };
    dispatch(received, record).await
}

/// Authenticates a request, as long as what it will do can be written down.
async fn identify(
    state: &State,
    headers: &HeaderMap,
    arrival: &Arrival,
    record: &mut OpenRecord,
) -> Result<Arc<Principal>, Error> {
    if state.draining() {
        return Err(Error::new(
            Code::ShuttingDown,
            "This Ostia is stopping. Send the request again.",
        )
        .retry_after(Duration::from_secs(1)));
    }
    if state.recorder.is_full() {
        let message = "Nothing can be recorded at the moment, so nothing is done.";
        return Err(
            Error::new(Code::ControlUnavailable, message).retry_after(Duration::from_secs(5))
        );
    }
    match authenticate(&state.keys, &state.control, headers, arrival.at).await {
        Ok(principal) => {
            record.caller(&principal);
            Ok(principal)
        }
        Err(error) => {
            if let Ok(credential) = presented(headers) {
                record.refused_credential(credential);
            }
            Err(error)
        }
    }
}

/// A body that is not there by then does not come: a client must not hold a place by being slow.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

async fn read(body: Body, most: usize) -> Result<Bytes, Error> {
    let whole = Limited::new(body, most).collect();
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::new(
            Code::BodyTooLarge,
            format!("The request body is larger than {most} bytes."),
        )),
        Ok(Err(_)) | Err(_) => Err(Error::new(
            Code::InvalidRequest,
            "The request body did not arrive whole in time.",
        )),
    }
}

/// Checks that a message is one request or notification, and reads what of it decides where it goes.
fn read_request<'a>(
    message: &Message<'a>,
) -> Result<(Option<Params<'a>>, Option<Meta<'a>>), Error> {
    let invalid = |what| Err(Error::new(Code::InvalidRequest, what));
    if message
        .jsonrpc
        .is_none_or(|version| version.get() != r#""2.0""#)
    {
        return invalid("The member `jsonrpc` must be \"2.0\".");
    }
    match (&message.method, message.result, message.error) {
        (Some(_), None, None) => {}
        (None, Some(_), None) | (None, None, Some(_)) if message.id.is_some() => {}
        (Some(_), _, _) => return invalid("A JSON-RPC request has no `result` and no `error`."),
        (None, _, _) => return invalid("The body is neither a JSON-RPC request nor an answer."),
    }
    if message.id.is_some_and(|id| !is_request_id(id)) {
        return invalid("The member `id` must be a string or a number.");
    }
    let params = match message.params {
        Some(raw) if !is_object(raw) => return invalid("The member `params` must be an object."),
        raw => raw.map(Params::parse).transpose().map_err(malformed)?,
    };
    let meta = match params.as_ref().and_then(|params| params.meta) {
        Some(raw) if !is_object(raw) => return invalid("The member `_meta` must be an object."),
        raw => raw.map(Meta::parse).transpose().map_err(malformed)?,
    };
    Ok((params, meta))
}

fn malformed(why: Malformed) -> Error {
    match why {
        Malformed::Json => Error::new(Code::InvalidJson, "The body is not one JSON value."),
        Malformed::Message => Error::new(
            Code::InvalidRequest,
            "The body must be a single JSON-RPC object with each member once; batches are not taken.",
        ),
    }
}

/// Checks what its era asks of a request, and hands it to the file named after its method.
async fn dispatch(mut received: Received<'_>, mut record: OpenRecord) -> Response {
    if let Err(error) = admissible(&mut received) {
        return refuse(&received, record, &error);
    }
    let Some(method) = received.message.method.as_deref() else {
        return legacy::answer(&received, record).await;
    };
    if received.message.id.is_none() {
        legacy::notification(&received, method);
        record.discard();
        return StatusCode::ACCEPTED.into_response();
    }
    if let Err(error) = check_endpoint(&received) {
        return refuse(&received, record, &error);
    }
    if let Some(relayed) = Relayed::of(method) {
        return relay::serve(received, relayed, record).await;
    }
    if (received.era, method) == (Era::Modern, "subscriptions/listen") {
        return listen::listen(&received, record);
    }
    let answered = match (received.era, method) {
        (_, "tools/list") => lists::serve(&received, Kind::Tool),
        (_, "prompts/list") => lists::serve(&received, Kind::Prompt),
        (_, "resources/list") => lists::serve(&received, Kind::Resource),
        (_, "resources/templates/list") => lists::serve(&received, Kind::Template),
        (Era::Legacy, "initialize") => initialize::serve(&received),
        (Era::Legacy, "ping") => {
            record.discard();
            return initialize::pong(&received);
        }
        (Era::Legacy, "logging/setLevel") => legacy::set_log_level(&received),
        (Era::Legacy, "resources/subscribe") => subscriptions::subscribe(&received, &mut record),
        (Era::Legacy, "resources/unsubscribe") => subscriptions::unsubscribe(&received),
        (Era::Modern, "server/discover") => Ok(discover::serve(&received)),
        _ => {
            let shown: String = method.chars().take(100).collect();
            Err(Error::new(
                Code::MethodNotFound,
                format!("There is no method {shown:?} here."),
            ))
        }
    };
    match answered {
        Ok((response, bytes)) => {
            record.ended(Outcome::Ok, bytes);
            response
        }
        Err(error) => refuse(&received, record, &error),
    }
}

/// Refuses `/mcp/<upstream>` and `/mcp/@<bundle>` where the caller may use nothing: a wrong name and a forbidden one look
/// the same.
fn check_endpoint(received: &Received<'_>) -> Result<(), Error> {
    let (what, name) = match &received.endpoint {
        Endpoint::Everything => return Ok(()),
        Endpoint::One(name) => ("upstream", name),
        Endpoint::Bundle(name) => ("bundle", name),
    };
    let view = received.state.view.load();
    if Kind::ALL.into_iter().any(|kind| {
        visible(&view, &received.principal, &received.endpoint, kind)
            .next()
            .is_some()
    }) {
        return Ok(());
    }
    let shown: String = name.chars().take(100).collect();
    let message = format!("There is no {what} {shown:?} with anything for this API key.");
    Err(Error::new(Code::NotFound, message))
}

/// What a request must have besides a body: matching headers in the modern era, a session in the
/// legacy one. `initialize` is what opens a session.
fn admissible(received: &mut Received<'_>) -> Result<(), Error> {
    let headers = received.headers;
    let is_request = received.message.id.is_some();
    if received.era == Era::Modern {
        if received.message.method.is_none() {
            let message = "A request carries the answers that it brings in `inputResponses`.";
            return Err(Error::new(Code::InvalidRequest, message));
        }
        if is_request {
            let params = received.params.as_ref();
            headers::check_modern(headers, &received.message, params, received.meta.as_ref())?;
            received.capabilities = declared(received.meta.as_ref());
        } else if let Some(version) = headers::text(headers, &headers::PROTOCOL_VERSION)? {
            headers::check_version(version)?;
        }
        return Ok(());
    }
    if let Some(version) = headers::text(headers, &headers::PROTOCOL_VERSION)?
        && !is_revision(version)
    {
        let message = "The header MCP-Protocol-Version names no revision of MCP.";
        return Err(Error::new(Code::InvalidRequest, message));
    }
    if received.message.method.as_deref() == Some("initialize") {
        return Ok(());
    }
    let session = open_session(
        received.state,
        headers,
        &received.principal,
        &received.arrival,
    )?;
    received.capabilities = session.capabilities;
    received.session = Some(session);
    Ok(())
}

/// What a modern client declares with each request; most declare nothing.
fn declared(meta: Option<&Meta<'_>>) -> ClientCapabilities {
    let raw = meta.and_then(|meta| meta.client_capabilities);
    raw.filter(|raw| raw.get() != "{}")
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .map_or(ClientCapabilities::NONE, |declared| {
            ClientCapabilities::of(&declared)
        })
}

fn open_session(
    state: &State,
    headers: &HeaderMap,
    principal: &Principal,
    arrival: &Arrival,
) -> Result<Session, Error> {
    let Some(id) = headers.get(headers::SESSION_ID) else {
        return Err(Error::new(
            Code::SessionMissing,
            "No session. Send `initialize` first and then its Mcp-Session-Id with every request, or \
             speak protocol version 2026-07-28, which needs none.",
        ));
    };
    id.to_str()
        .ok()
        .and_then(|id| state.sessions.open(id, principal.key_id, arrival.at))
        .ok_or_else(|| {
            let message =
                "There is no such session for this API key. Send `initialize` for a new one.";
            Error::new(Code::SessionUnknown, message)
        })
}

fn delete(
    state: &State,
    headers: &HeaderMap,
    principal: &Principal,
    arrival: &Arrival,
    mut record: OpenRecord,
) -> Response {
    match open_session(state, headers, principal, arrival) {
        Ok(session) => {
            state.sessions.delete(session);
            state.subscriptions.end(session.id);
            record.ended(Outcome::Ok, 0);
            let mut response = StatusCode::OK.into_response();
            response
                .headers_mut()
                .insert(respond::REQUEST_ID_HEADER, arrival.id.header_value());
            response
        }
        Err(error) => {
            record.failed(&error);
            respond::error(&error, Era::Legacy, arrival.id, None)
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
    super::event_stream::set_headers(stream.headers_mut(), received.arrival.id);
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
