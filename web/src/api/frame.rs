//! Around every request of the API: its id, how problems are written, and which origins may ask.

use super::{keys, problem::Problem};
use crate::Site;
use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        CACHE_CONTROL, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use ostia_domain::code::Code;
use uuid::Uuid;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("ostia-request-id");

/// What a caller quotes, and what the log names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(super) Uuid);

/// What was asked for, with the prefix that nested routers cut off.
#[derive(Clone, Debug)]
pub(crate) struct Asked(pub(super) Uri);

pub(super) async fn frame(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let id = RequestId(Uuid::now_v7());
    let asked = Asked(request.uri().clone());
    request.extensions_mut().insert(id);
    request.extensions_mut().insert(asked);
    let origin = allowed_origin(&site.config.api_origins, request.headers());
    let asks_first = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if origin.is_some() && asks_first {
        preflight()
    } else {
        next.run(request).await
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut written = problem.write(id);
        // `Allow`, where the router said what it takes.
        for (name, value) in response.headers() {
            written.headers_mut().entry(name).or_insert(value.clone());
        }
        response = written;
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.0.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Each answer is about one key. With a tag it may be kept, and asked about again.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if !site.config.api_origins.is_empty() {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "allow, etag, idempotency-replayed, link, ostia-quota-remaining, ostia-request-id, \
                 ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after",
            ),
        );
    }
    response
}

fn allowed_origin(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let allowed = origins.iter().any(|allowed| allowed.as_bytes() == origin);
    allowed.then(|| origin.clone())
}

/// No cookies: a page sends a key that somebody gave it, or nothing.
fn preflight() -> Response {
    let headers = [
        (
            ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, PATCH, DELETE",
        ),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, idempotency-key, if-match, if-none-match, x-api-key",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

pub(super) async fn not_found(request: Request) -> Problem {
    let path = request.uri().path();
    let detail = keys::advice(path).map_or_else(
        || format!("there is nothing under {path}: /api/openapi.json lists what there is"),
        str::to_owned,
    );
    Problem::new(Code::NotFound, detail)
}

pub(super) async fn method_not_allowed(asked: Extension<Asked>, request: Request) -> Problem {
    let method = request.method();
    let advice = keys::advice(asked.0.0.path()).filter(|_| *method == Method::POST);
    let detail = advice.map_or_else(
        || format!("{method} cannot be done here: the header Allow lists what can"),
        str::to_owned,
    );
    Problem::new(Code::HttpMethodNotAllowed, detail)
}
