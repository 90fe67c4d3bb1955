//! A plain HTTP client: no redirects, no proxy, no retries.

use std::{sync::Once, time::Duration};

static PROVIDER: Once = Once::new();

/// reqwest comes without a TLS provider here and panics when it finds none.
pub(crate) fn client() -> reqwest::Client {
    PROVIDER.call_once(|| {
        // An error means that somebody was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client without options that can fail")
}
