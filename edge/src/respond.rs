//! Errors become HTTP and JSON-RPC here and nowhere else: status, code, headers and body together.

use crate::{call::RequestId, error::Error, mcp::era::Era};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use ostia_domain::code::Code;
use serde_json::{Value, json};
use std::time::Duration;

/// On every answer; the same value is `data.requestId` of an error and the id of its audit event.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("ostia-request-id");

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// In seconds.
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// On answers to calls that count against a quota: what is left of the one with the least.
pub const QUOTA_REMAINING: HeaderName = HeaderName::from_static("ostia-quota-remaining");

/// The HTTP status and JSON-RPC code of an error. Codes of our own lie outside the range that
/// JSON-RPC and MCP reserve (-32768 to -32000).
fn mapping(code: Code, era: Era) -> (StatusCode, i32) {
    let modern = era == Era::Modern;
    match code {
        Code::KeyMissing
        | Code::KeyMalformed
        | Code::KeyUnknown
        | Code::KeyRevoked
        | Code::KeyExpired
        | Code::KeyInactive
        | Code::AccessTokenExpired
        | Code::OwnerDisabled => (StatusCode::UNAUTHORIZED, -31001),
        Code::AddressForbidden | Code::HourForbidden => (StatusCode::FORBIDDEN, -31002),
        Code::OriginForbidden | Code::HostForbidden => (StatusCode::FORBIDDEN, -31003),
        Code::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, -31004),
        Code::NotFound => (StatusCode::NOT_FOUND, -31005),
        Code::HttpMethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, -31006),
        Code::SessionMissing => (StatusCode::BAD_REQUEST, -31007),
        Code::SessionUnknown => (StatusCode::NOT_FOUND, -31008),
        Code::InvalidJson => (StatusCode::BAD_REQUEST, -32700),
        Code::InvalidRequest => (StatusCode::BAD_REQUEST, -32600),
        Code::InvalidParams
        | Code::RequestStateInvalid
        | Code::ResourceUnavailable
        | Code::TaskUnknown
            if modern =>
        {
            (StatusCode::BAD_REQUEST, -32602)
        }
        Code::ResourceUnavailable => (StatusCode::OK, -32002),
        Code::InvalidParams
        | Code::ToolUnavailable
        | Code::PromptUnavailable
        | Code::RequestStateInvalid
        | Code::TaskUnknown => (StatusCode::OK, -32602),
        Code::ClientCapabilityMissing if modern => (StatusCode::BAD_REQUEST, -32021),
        Code::ClientCapabilityMissing => (StatusCode::OK, -31021),
        Code::MethodNotFound if modern => (StatusCode::NOT_FOUND, -32601),
        Code::MethodNotFound => (StatusCode::OK, -32601),
        Code::HeaderMismatch => (StatusCode::BAD_REQUEST, -32020),
        Code::UnsupportedVersion => (StatusCode::BAD_REQUEST, -32022),
        Code::ArgumentRefused => (StatusCode::OK, -31022),
        Code::ResultTooLarge => (StatusCode::OK, -31023),
        Code::QuotaUsedUp => (StatusCode::TOO_MANY_REQUESTS, -31028),
        Code::RateLimited | Code::TooManyCalls => (StatusCode::TOO_MANY_REQUESTS, -31029),
        // What went wrong behind Ostia is an answer to the call, not a failure of the transport:
        // clients that meet a 5xx here drop the whole connection.
        Code::UpstreamBusy => (StatusCode::OK, -31030),
        Code::UpstreamUnavailable => (StatusCode::OK, -31031),
        Code::WorkerLost => (StatusCode::OK, -31032),
        Code::CallTimeout => (StatusCode::OK, -31033),
        Code::Cancelled => (StatusCode::OK, -31036),
        Code::UpstreamInvalid => (StatusCode::OK, -31037),
        Code::TaskLost => (StatusCode::OK, -31038),
        Code::ControlUnavailable => (StatusCode::SERVICE_UNAVAILABLE, -31034),
        Code::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, -31035),
        Code::Internal
        | Code::InvalidArgument
        | Code::AlreadyExists
        | Code::NoSuchObject
        | Code::Conflict
        | Code::PreconditionFailed
        | Code::UpstreamError
        | Code::UpstreamUnlisted
        | Code::ServiceUnauthenticated
        | Code::Forbidden
        | Code::LoginLinkInvalid
        | Code::SignInRequired
        | Code::FormRefused
        | Code::TooManyStreams
        | Code::SignInStateInvalid
        | Code::SignInRefused
        | Code::SignInFailed
        | Code::ProviderUnavailable
        | Code::BackupInvalid
        | Code::RestoreRefused
        | Code::DatabaseUnavailable
        | Code::DatabaseReadOnly => (StatusCode::INTERNAL_SERVER_ERROR, -32603),
    }
}

/// The HTTP status of an error.
pub fn status(error: &Error, era: Era) -> StatusCode {
    mapping(error.code, era).0
}

/// The JSON-RPC error for a request whose id is `id` as it came, or null where none was read.
pub fn error_body(error: &Error, era: Era, request_id: RequestId, id: Option<&str>) -> Vec<u8> {
    let mut data = error.data.clone();
    data.insert("code".into(), error.code.as_str().into());
    data.insert("requestId".into(), request_id.to_string().into());
    if let Some(wait) = error.retry_after {
        data.insert("retryAfterMs".into(), millis(wait).into());
    }
    if let Some(standing) = &error.standing {
        data.insert("limit".into(), standing.limit.into());
        data.insert("remaining".into(), standing.remaining.into());
    }
    let error = json!({
        "code": mapping(error.code, era).1,
        "message": error.message,
        "data": Value::Object(data),
    });
    // The id goes in as the bytes that came: it may be a number that no type here holds.
    format!(
        r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#,
        id.unwrap_or("null")
    )
    .into_bytes()
}

pub fn error(error: &Error, era: Era, request_id: RequestId, id: Option<&str>) -> Response {
    let body = error_body(error, era, request_id, id);
    let mut response = json_response(mapping(error.code, era).0, Body::from(body), request_id);
    let headers = response.headers_mut();
    if response_is_challenge(error.code) {
        // Without `resource_metadata`: a client with a key must not start an OAuth flow over it.
        headers.insert(WWW_AUTHENTICATE, challenge(error.code));
    }
    if let Some(wait) = error.retry_after {
        let seconds = millis(wait).div_ceil(1000).max(1);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(standing) = &error.standing {
        let reset = millis(standing.resets_in).div_ceil(1000).max(1);
        headers.insert(RATE_LIMIT, HeaderValue::from(standing.limit));
        headers.insert(RATE_REMAINING, HeaderValue::from(standing.remaining));
        headers.insert(RATE_RESET, HeaderValue::from(reset));
    }
    if error.code == Code::HttpMethodNotAllowed {
        headers.insert(
            http::header::ALLOW,
            HeaderValue::from_static("GET, POST, DELETE"),
        );
    }
    response
}

/// For a request whose body was not read, of a client of the older protocol.
pub fn legacy_error(e: &Error, request_id: RequestId) -> Response {
    error(e, Era::Legacy, request_id, None)
}

pub fn json_response(status: StatusCode, body: Body, request_id: RequestId) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REQUEST_ID_HEADER, request_id.header_value());
    response
}

/// The status with which a modern client gets a JSON-RPC error of an upstream, as the specification
/// maps codes; every other answer is a 200.
pub fn upstream_error_status(code: Option<i64>, era: Era) -> StatusCode {
    match (era, code) {
        (Era::Modern, Some(-32700 | -32600 | -32602 | -32022..=-32020)) => StatusCode::BAD_REQUEST,
        (Era::Modern, Some(-32601)) => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

fn response_is_challenge(code: Code) -> bool {
    mapping(code, Era::Legacy).0 == StatusCode::UNAUTHORIZED
}

fn challenge(code: Code) -> HeaderValue {
    HeaderValue::from_static(match code {
        Code::KeyMissing => r#"Bearer realm="ostia""#,
        _ => r#"Bearer realm="ostia", error="invalid_token""#,
    })
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
