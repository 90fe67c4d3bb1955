//! Files that pages refer to. Each address has a digest of what is there, so browsers keep it for ever.

pub(crate) mod explorer;

use crate::Site;
use axum::{
    Router,
    body::Bytes,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use ring::digest::{SHA256, digest};
use std::{fmt::Write as _, sync::LazyLock};

/// In the order of the cascade.
const CSS: &str = concat!(
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/shell.css"),
    include_str!("../assets/css/controls.css"),
    include_str!("../assets/css/content.css"),
    include_str!("../assets/css/tables.css"),
    // By how many columns a table has: a query has one width and one name.
    "@container few (max-width: 22rem) {",
    include_str!("../assets/css/cards.css"),
    "}\n@container some (max-width: 38rem) {",
    include_str!("../assets/css/cards.css"),
    "}\n@container many (max-width: 54rem) {",
    include_str!("../assets/css/cards.css"),
    "}\n",
    include_str!("../assets/css/charts.css"),
    include_str!("../assets/css/live.css"),
    include_str!("../assets/css/print.css"),
);

/// Every page works without it.
const JS: &str = concat!(
    include_str!("../assets/js/copy.js"),
    include_str!("../assets/js/times.js"),
    include_str!("../assets/js/filter.js"),
    include_str!("../assets/js/live.js"),
    include_str!("../assets/js/check.js"),
);

const CSS_KIND: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const JS_KIND: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

static STYLESHEET: LazyLock<String> = LazyLock::new(|| address(CSS.as_bytes(), "css"));
static SCRIPT: LazyLock<String> = LazyLock::new(|| address(JS.as_bytes(), "js"));

pub(crate) fn stylesheet() -> &'static str {
    &STYLESHEET
}

pub(crate) fn script() -> &'static str {
    &SCRIPT
}

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(&STYLESHEET, get(|| async { file(CSS_KIND, CSS) }))
        .route(&SCRIPT, get(|| async { file(JS_KIND, JS) }))
        .merge(explorer::routes())
}

fn address(content: &[u8], extension: &str) -> String {
    let digest = digest(&SHA256, content);
    let mut address = String::from("/assets/ostia-");
    for byte in &digest.as_ref()[..8] {
        // Writing to a text does not fail.
        let _ = write!(address, "{byte:02x}");
    }
    address + "." + extension
}

fn file(kind: HeaderValue, content: impl Into<Bytes>) -> Response {
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, forever),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, content.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_small() {
        assert!(JS.len() < 15_000, "{} bytes", JS.len());
    }

    #[test]
    fn an_address_changes_with_its_content() {
        assert_ne!(address(b"a", "css"), address(b"b", "css"));
    }
}
