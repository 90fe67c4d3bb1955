//! What every answer carries, whoever made it.

use crate::{Site, session::cookie};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
};

/// Two years, as browsers ask of hosts that want to be known as TLS only.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

pub(crate) async fn harden(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    cookie::complete(&mut response);
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    if site.config.is_tls() {
        headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}
