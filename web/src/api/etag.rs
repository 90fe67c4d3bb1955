//! Entity tags: whether what somebody has read is still what there is.
//!
//! A tag is a digest of the representation as the caller sees it, so that nothing has to keep versions.
//! `If-Match` asks the handler of `GET` for the same path and compares: between that and the change
//! another one may slip in, except for upstreams, whose version control compares itself.

use super::{caller::Caller, frame::RequestId, problem::Problem};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH},
};
use ostia_domain::code::Code;
use ring::digest::{SHA256, digest};
use tower::ServiceExt as _;

/// Tags what was read, and answers 304 to who has it already.
pub(super) async fn tag(request: Request, next: Next) -> Result<Response, Problem> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = said(request.headers(), &IF_NONE_MATCH);
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| Problem::internal())?;
    let tag = format!(
        "\"{}\"",
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes))
    );
    if let Ok(value) = HeaderValue::try_from(&tag) {
        parts.headers.insert(ETAG, value);
    }
    let again = HeaderValue::from_static("private, no-cache");
    parts.headers.insert(CACHE_CONTROL, again);
    if known.is_some_and(|known| matches(&known, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(http::header::CONTENT_TYPE);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        return Ok((parts, Body::empty()).into_response());
    }
    Ok((parts, Body::from(bytes)).into_response())
}

/// Refuses a change of what is not any more as the caller read it.
pub(super) async fn require(
    State(routes): State<Router>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let changes = matches!(
        *request.method(),
        Method::PUT | Method::PATCH | Method::DELETE
    );
    let expected = said(request.headers(), &IF_MATCH).filter(|_| changes);
    let Some(expected) = expected else {
        return Ok(next.run(request).await);
    };
    let mut look = Request::new(Body::empty());
    *look.uri_mut() = request.uri().clone();
    if let Some(caller) = request.extensions().get::<Caller>() {
        look.extensions_mut().insert(caller.clone());
    }
    if let Some(id) = request.extensions().get::<RequestId>() {
        look.extensions_mut().insert(*id);
    }
    let Ok(there) = routes.oneshot(look).await;
    // Not to be seen, or not there: the change itself says which.
    if there.status() == StatusCode::OK {
        let tag = there.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        if !tag.is_some_and(|tag| matches(&expected, tag)) {
            return Err(Problem::new(
                Code::PreconditionFailed,
                "it is not any more as you read it: read it again, and decide again",
            ));
        }
    }
    Ok(next.run(request).await)
}

fn said(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn matches(said: &str, tag: &str) -> bool {
    said.split(',').map(str::trim).any(|one| {
        // Proxies weaken tags when they compress.
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}
