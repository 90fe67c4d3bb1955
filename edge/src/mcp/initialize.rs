//! The legacy handshake, answered by Ostia itself: it speaks for every upstream at once.

use super::{
    era::negotiate_legacy,
    headers::SESSION_ID,
    introduce::introduce,
    received::{Received, answered, with_header},
};
use crate::error::Error;
use axum::response::Response;
use http::HeaderValue;
use ostia_domain::{capability::ClientCapabilities, code::Code};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize, Default)]
struct Initialize<'a> {
    #[serde(rename = "protocolVersion", borrow, default)]
    protocol_version: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    capabilities: Map<String, Value>,
}

/// Opens a session. A stale session id in the request does no harm: it is not looked at.
pub fn serve(received: &Received<'_>) -> Result<(Response, usize), Error> {
    let asked: Initialize<'_> = match received.message.params {
        None => Initialize::default(),
        Some(params) => serde_json::from_str(params.get()).map_err(|_| {
            Error::new(
                Code::InvalidParams,
                "The member `protocolVersion` must be a string, and `capabilities` an object.",
            )
        })?,
    };
    let revision = negotiate_legacy(asked.protocol_version.as_deref());
    let session = received
        .state
        .sessions
        .seal(
            received.principal.key_id,
            revision,
            ClientCapabilities::of(&asked.capabilities),
            received.arrival.at,
        )
        .and_then(|id| HeaderValue::try_from(id).ok())
        .ok_or_else(|| Error::new(Code::Internal, "No session could be made."))?;
    let introduction = introduce(received);
    let mut result = json!({
        "protocolVersion": revision,
        "capabilities": introduction.capabilities,
        "serverInfo": introduction.server_info,
    });
    if let Some(instructions) = introduction.instructions {
        result["instructions"] = instructions.into();
    }
    Ok(with_header(
        answered(received, &result.to_string()),
        SESSION_ID,
        session,
    ))
}

pub fn pong(received: &Received<'_>) -> Response {
    answered(received, "{}").0
}
