//! What a request must have besides a body: headers that agree with it in the modern era, a session in the
//! legacy one.

use super::{
    envelope::Meta,
    era::{Era, is_revision},
    headers,
    received::Received,
    session::Session,
};
use crate::{call::Arrival, error::Error, record::OpenRecord, respond, state::State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use ostia_domain::{
    capability::ClientCapabilities, code::Code, principal::Principal, usage::Outcome,
};

/// What a request must have besides a body: matching headers in the modern era, a session in the
/// legacy one. `initialize` is what opens a session.
pub fn check(received: &mut Received<'_>) -> Result<(), Error> {
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

pub fn open_session(
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

pub fn delete(
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
            state.in_flight.end(session.id);
            state.session_tasks.end(session.id);
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
