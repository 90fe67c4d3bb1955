//! The way from here to an edge, for what goes through it.

use reqwest::{Client, redirect::Policy};

/// No redirects, no proxy: a key goes to the edge that was configured and nowhere else. No limit of time
/// either: the edge has one for each upstream.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
}
