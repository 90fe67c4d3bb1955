//! From a body to one message, with what of it decides where it goes.

use super::envelope::{Malformed, Message, Meta, Params, is_object, is_request_id};
use crate::error::Error;
use axum::body::{Body, Bytes};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use ostia_domain::code::Code;
use std::time::Duration;

/// A body that is not there by then does not come: a client must not hold a place by being slow.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

pub async fn body(body: Body, most: usize) -> Result<Bytes, Error> {
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
pub fn request<'a>(message: &Message<'a>) -> Result<(Option<Params<'a>>, Option<Meta<'a>>), Error> {
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

pub fn malformed(why: Malformed) -> Error {
    match why {
        Malformed::Json => Error::new(Code::InvalidJson, "The body is not one JSON value."),
        Malformed::Message => Error::new(
            Code::InvalidRequest,
            "The body must be a single JSON-RPC object with each member once; batches are not taken.",
        ),
    }
}
