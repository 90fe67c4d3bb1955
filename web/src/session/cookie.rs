//! The cookie of a browser session.

use super::store::Store;
use crate::config::Config;
use axum::response::Response;
use http::{
    HeaderValue,
    header::{Entry, SET_COOKIE},
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

/// A browser takes this name only with Secure, for the whole host and from nobody but the host itself.
const TLS: &str = "__Host-ostia";
const PLAIN: &str = "ostia";

/// The cookie goes when the browser closes; when the session ends is control's to say. Lax, because the
/// way back from a provider begins on another site.
pub(crate) fn layer(config: &Config, store: Store) -> SessionManagerLayer<Store> {
    SessionManagerLayer::new(store)
        .with_name(if config.is_tls() { TLS } else { PLAIN })
        .with_secure(config.is_tls())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

/// Taking a `__Host-` cookie away needs Secure as setting it does, and the library leaves it out.
pub(crate) fn complete(response: &mut Response) {
    let Entry::Occupied(mut cookies) = response.headers_mut().entry(SET_COOKIE) else {
        return;
    };
    for cookie in cookies.iter_mut() {
        let Ok(text) = cookie.to_str() else { continue };
        if text.starts_with(TLS)
            && !text.contains("; Secure")
            && let Ok(complete) = HeaderValue::try_from(format!("{text}; Secure"))
        {
            *cookie = complete;
        }
    }
}
