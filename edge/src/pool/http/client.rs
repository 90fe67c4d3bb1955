//! The HTTP client of one upstream: where it goes, and what it says besides a message.

use super::{network::Checked, tokens::Tokens};
use crate::pool::{pending::Lost, redact::redact};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION};
use ostia_domain::{credential::Credential, key::Secret, reach::Reach, upstream::HttpEndpoint};
use reqwest::{Method, RequestBuilder, Response, Url, redirect::Policy};
use std::{net::IpAddr, sync::Arc, time::Duration};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are kept so long, less than most servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

#[derive(Clone)]
pub(in crate::pool) struct Client {
    http: reqwest::Client,
    pub(super) url: Url,
    /// The definition's own, and what it presents, unless those are tokens.
    headers: HeaderMap,
    tokens: Option<Arc<Tokens>>,
    /// What is in no header as it is.
    behind: Option<Secret>,
}

/// Why a request has no response.
#[derive(Debug)]
pub(super) enum SendError {
    /// There is no access token. It was not sent, or refused for the one that there was.
    NoToken(String),
    Http(reqwest::Error),
}

impl Client {
    /// An error says, for people, why this endpoint cannot be reached. `tokens` are those of the pool, for
    /// an endpoint that wants some.
    pub(super) fn new(
        endpoint: &HttpEndpoint,
        tokens: Option<Arc<Tokens>>,
    ) -> Result<Self, String> {
        let (http, url) = connection(&endpoint.url, endpoint.allow_private_network)?;
        let mut headers = endpoint
            .headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::try_from(name.as_str()).ok()?;
                Some((name, sensitive(value.expose())?))
            })
            .collect::<Option<HeaderMap>>()
            .ok_or("one of its headers cannot be sent")?;
        let presented = match &endpoint.credential {
            Some(Credential::Bearer { token }) => Some(sensitive(&bearer(token))),
            Some(Credential::Basic { username, password }) => {
                Some(basic(username, password.expose()))
            }
            Some(Credential::ClientCredentials(_)) | None => None,
        };
        let behind = match &endpoint.credential {
            Some(Credential::Basic { password, .. }) => Some(password.clone()),
            Some(Credential::ClientCredentials(client)) => Some(client.client_secret.clone()),
            Some(Credential::Bearer { .. }) | None => None,
        };
        if let Some(value) = presented {
            headers.insert(AUTHORIZATION, value.ok_or("its credential cannot be sent")?);
        }
        Ok(Self {
            http,
            url,
            headers,
            tokens,
            behind,
        })
    }

    pub(super) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.http
            .request(method, url.clone())
            .headers(self.headers.clone())
    }

    /// Sends a request, with an access token where the endpoint wants one. What is refused for its token
    /// had no effect, and is sent once more with another.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, SendError> {
        let Some(tokens) = &self.tokens else {
            return request.send().await.map_err(SendError::Http);
        };
        let again = request.try_clone();
        let token = tokens.token().await.map_err(SendError::NoToken)?;
        let request = request.header(AUTHORIZATION, token.header.clone());
        let response = request.send().await.map_err(SendError::Http)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            if response.status().is_success() {
                token.accepted();
            }
            return Ok(response);
        }
        let other = tokens.instead_of(&token).await;
        let (Some(again), Some(other)) = (again, other.map_err(SendError::NoToken)?) else {
            return Ok(response);
        };
        let request = again.header(AUTHORIZATION, other.header.clone());
        let response = request.send().await.map_err(SendError::Http)?;
        if response.status().is_success() {
            other.accepted();
        }
        Ok(response)
    }

    /// What an upstream said, without what it was given: some repeat it.
    pub(super) fn redact(&self, text: &str) -> String {
        let token = self.tokens.as_ref().and_then(|tokens| tokens.current());
        let values = self.headers.values().chain(&token);
        let values = values.filter_map(|value| value.to_str().ok());
        // Without its scheme it is as secret.
        let values = values.map(|value| value.rsplit(' ').next().unwrap_or(value));
        redact(text, values.chain(self.behind.iter().map(Secret::expose)))
    }
}

impl SendError {
    /// What has become of a message that a worker was to send. `None`: it broke off on its way.
    pub(super) fn lost(self, worker: u64) -> Option<Lost> {
        match self {
            Self::NoToken(problem) => Some(Lost::Refused(problem)),
            Self::Http(error) if error.is_connect() => {
                let problem = describe(error);
                Some(Lost::Refused(format!("it cannot be reached: {problem}")))
            }
            Self::Http(error) => {
                let problem = describe(error);
                tracing::warn!(worker, problem, "a request broke off");
                None
            }
        }
    }

    /// For operators.
    pub(super) fn describe(self) -> String {
        match self {
            Self::NoToken(problem) => problem,
            Self::Http(error) => describe(error),
        }
    }
}

/// A client that goes nowhere but where this URL may lead. An error says, for people, why it cannot.
pub(super) fn connection(
    url: &str,
    allow_private_network: bool,
) -> Result<(reqwest::Client, Url), String> {
    let url: Url = url
        .parse()
        .map_err(|error| format!("its URL is none: {error}"))?;
    let reach = Reach {
        allow_private_network,
    };
    // An address is not resolved, so it is checked here.
    let address = url
        .host_str()
        .and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    if address.is_some_and(|address| !reach.allows(address)) {
        return Err(
            "its address is one that this upstream may not have; for one in a private \
                    network set allow_private_network"
                .into(),
        );
    }
    if url.scheme() != "https" && !allow_private_network {
        return Err("its URL does not begin with https://".into());
    }
    let http = reqwest::Client::builder()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        // Neither credentials nor checks follow to somewhere else.
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Checked(reach)))
        .build()
        .map_err(|error| format!("no HTTP client can be made: {error}"))?;
    Ok((http, url))
}

fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.expose())
}

/// `None`: it cannot be sent.
pub(super) fn basic(username: &str, password: &str) -> Option<HeaderValue> {
    let pair = STANDARD.encode(format!("{username}:{password}"));
    sensitive(&format!("Basic {pair}"))
}

fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
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
