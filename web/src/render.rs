//! From a component to a response.

use axum::response::{Html, IntoResponse as _, Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use leptos::prelude::*;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Renders a page. It is never kept by a browser or a proxy: each is about one person or one link.
pub(crate) fn page<V: IntoView>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    let owner = Owner::new_root(None);
    let body = owner.with(|| view().into_view().to_html());
    owner.cleanup();
    let headers: [(HeaderName, HeaderValue); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, Html(format!("<!DOCTYPE html>{body}"))).into_response()
}

/// The same for a page with a form. Under `no-referrer` a browser says `Origin: null` when it sends the
/// form, and over plain HTTP it says nothing else that would tell our own page from a foreign one.
/// `same-origin` tells other sites as little, and keeps the origin.
pub(crate) fn form_page<V: IntoView>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    let mut response = page(status, view);
    response
        .headers_mut()
        .insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
