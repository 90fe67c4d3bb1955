//! The way from here to an edge, for what goes through it.

use reqwest::{Client, redirect::Policy};
use std::time::Duration;

/// To connect; an edge is near.
const CONNECT: Duration = Duration::from_secs(5);

/// No redirects, no proxy: a key goes to the edge that was configured and nowhere else. What an answer may
/// take is the edge's to say, for each upstream.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .build()
}
