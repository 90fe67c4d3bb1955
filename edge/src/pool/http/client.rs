//! The HTTP client of one upstream: where it goes, and what it says besides a message.

use super::network::Checked;
use http::{HeaderMap, HeaderName, HeaderValue};
use ostia_domain::upstream::HttpEndpoint;
use reqwest::{Method, RequestBuilder, Url, redirect::Policy};
use std::{net::IpAddr, sync::Arc, time::Duration};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are kept so long, less than most servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

#[derive(Clone)]
pub(in crate::pool) struct Client {
    http: reqwest::Client,
    pub(super) url: Url,
    /// The definition's own.
    headers: HeaderMap,
}

impl Client {
    /// An error says, for people, why this endpoint cannot be reached.
    pub(super) fn new(endpoint: &HttpEndpoint) -> Result<Self, String> {
        let url: Url = endpoint
            .url
            .parse()
            .map_err(|error| format!("its URL is none: {error}"))?;
        let checked = Checked {
            allow_private_network: endpoint.allow_private_network,
        };
        // An address is not resolved, so it is checked here.
        let address = url
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if address.is_some_and(|address| !checked.allows(address)) {
            return Err(
                "its address is one that this upstream may not have; for one in a private \
                        network set allow_private_network"
                    .into(),
            );
        }
        if url.scheme() != "https" && !endpoint.allow_private_network {
            return Err("its URL does not begin with https://".into());
        }
        let http = reqwest::Client::builder()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // Neither credentials nor checks follow to somewhere else.
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(checked))
            .build()
            .map_err(|error| format!("no HTTP client can be made: {error}"))?;
        let headers = endpoint
            .headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::try_from(name.as_str()).ok()?;
                let mut value = HeaderValue::try_from(value.expose()).ok()?;
                value.set_sensitive(true);
                Some((name, value))
            })
            .collect::<Option<HeaderMap>>()
            .ok_or("one of its headers cannot be sent")?;
        Ok(Self { http, url, headers })
    }

    pub(super) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.http
            .request(method, url.clone())
            .headers(self.headers.clone())
    }
}

/// What went wrong with a request, for operators: without the URL, which may hold a credential.
pub(super) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
