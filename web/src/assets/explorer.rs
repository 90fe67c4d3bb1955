//! Files of the page that tries the API: Swagger UI as its crate has it, compressed, and how we start it.

use super::{CSS_KIND, JS_KIND, address, file};
use crate::Site;
use axum::{Router, body::Bytes, response::Response, routing::get};
use http::{HeaderValue, header::CONTENT_ENCODING};
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

const START: &str = include_str!("../../assets/js/explorer.js");
const OWN_CSS: &str = include_str!("../../assets/css/explorer.css");

/// What a page refers to, in the order it wants them.
pub(crate) static STYLESHEETS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let own = address(OWN_CSS.as_bytes(), "css");
    [address(&STYLE.bytes, "css"), own]
});
pub(crate) static SCRIPTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let own = address(START.as_bytes(), "js");
    [address(&BUNDLE.bytes, "js"), own]
});

static STYLE: LazyLock<Embedded> = LazyLock::new(|| Embedded::named("swagger-ui.css"));
static BUNDLE: LazyLock<Embedded> = LazyLock::new(|| Embedded::named("swagger-ui-bundle.js"));

/// Of Swagger UI.
struct Embedded {
    bytes: Bytes,
    is_gzip: bool,
}

impl Embedded {
    /// Empty where the crate has it no more, which a test meets.
    fn named(name: &str) -> Self {
        // The crate writes its configuration into its own start, which is not used.
        let found = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
        let found = found.ok().flatten();
        found.map_or_else(
            || Self {
                bytes: Bytes::new(),
                is_gzip: false,
            },
            |found| Self {
                bytes: Bytes::from(found.bytes.into_owned()),
                is_gzip: found.gzpipped,
            },
        )
    }

    /// There is no browser that does not take gzip.
    fn served(&self, kind: HeaderValue) -> Response {
        let mut response = file(kind, self.bytes.clone());
        if self.is_gzip {
            let gzip = HeaderValue::from_static("gzip");
            response.headers_mut().insert(CONTENT_ENCODING, gzip);
        }
        response
    }
}

pub(super) fn routes() -> Router<Site> {
    let [style, own_style] = &*STYLESHEETS;
    let [bundle, start] = &*SCRIPTS;
    Router::new()
        .route(style, get(|| async { STYLE.served(CSS_KIND) }))
        .route(own_style, get(|| async { file(CSS_KIND, OWN_CSS) }))
        .route(bundle, get(|| async { BUNDLE.served(JS_KIND) }))
        .route(start, get(|| async { file(JS_KIND, START) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The crate unpacks them when it is built.
    #[test]
    fn swagger_ui_is_in_the_program() {
        for embedded in [&STYLE, &BUNDLE] {
            assert!(embedded.is_gzip);
            let size = embedded.bytes.len();
            assert!((10_000..600_000).contains(&size), "{size} bytes");
        }
    }
}
