//! What only legacy clients send: answers to what they were asked, cancellations, how much of the log they
//! want.

use super::{
    envelope::{member, string},
    log_level::LogLevel,
    questions::Reply,
    received::{Received, answered, refuse},
    task_ids,
};
use crate::{error::Error, record::OpenRecord, respond};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use ostia_domain::code::Code;
use serde_json::value::RawValue;

/// A client's answer to a question that it got on the stream of its call.
pub async fn answer(received: &Received<'_>, record: OpenRecord) -> Response {
    let message = &received.message;
    let value = match (message.result, message.error) {
        (Some(value), _) => Some(("result", value)),
        (None, Some(value)) => Some(("error", value)),
        (None, None) => None,
    };
    let id = message.id.and_then(string);
    if let (Some(session), Some(id), Some((member, value))) = (&received.session, id, value) {
        let (sealer, owner) = (&received.state.sealer, received.principal.key_id);
        let value = task_ids::to_upstream(sealer, owner, value);
        let reply = Reply { member, value };
        if received
            .state
            .questions
            .answer(session.id, &id, reply)
            .await
        {
            record.discard();
            let mut response = StatusCode::ACCEPTED.into_response();
            let id = received.arrival.id.header_value();
            response
                .headers_mut()
                .insert(respond::REQUEST_ID_HEADER, id);
            return response;
        }
    }
    let message = "Nothing of that id was asked in this session, or it is over.";
    let mut refusal = refuse(received, record, &Error::new(Code::InvalidRequest, message));
    refusal.extensions_mut().insert(NothingAsked);
    refusal
}

/// In the extensions of a response: the client answered what nobody asks any more.
#[derive(Clone, Copy)]
pub struct NothingAsked;

/// Of what clients tell, only that a request is cancelled changes anything.
pub fn notification(received: &Received<'_>, method: &str) {
    if method != "notifications/cancelled" {
        return;
    }
    let id = received
        .message
        .params
        .and_then(|params| member(params, "requestId"));
    if let (Some(session), Some(id)) = (&received.session, id) {
        received
            .state
            .in_flight
            .cancel(session.id, RawValue::get(id));
    }
}

/// `logging/setLevel`: kept for the session, and passed on with its calls.
pub fn set_log_level(received: &Received<'_>) -> Result<(Response, usize), Error> {
    let level = received
        .message
        .params
        .and_then(|params| member(params, "level"))
        .and_then(string)
        .and_then(|level| LogLevel::parse(&level));
    let (Some(level), Some(session)) = (level, &received.session) else {
        let levels = LogLevel::ALL.map(LogLevel::as_str).join(", ");
        return Err(Error::new(
            Code::InvalidParams,
            format!("The member `level` must be one of {levels}."),
        ));
    };
    received.state.sessions.set_log_level(session, level);
    Ok(answered(received, "{}"))
}
