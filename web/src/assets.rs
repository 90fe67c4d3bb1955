//! Files that pages refer to.

use axum::response::{IntoResponse as _, Response};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};

pub(crate) const STYLESHEET: &str = "/assets/ostia.css";

pub(crate) async fn stylesheet() -> Response {
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("max-age=3600")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, include_str!("../assets/ostia.css")).into_response()
}
