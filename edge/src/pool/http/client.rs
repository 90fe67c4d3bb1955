//! The HTTP client of one upstream: where it goes, and what it says besides a message.

use super::{
    connections::{Connections, Error, Response},
    tokens::Tokens,
};
use crate::pool::{
    pending::{Lost, Refusal},
    redact::redact,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header::AUTHORIZATION,
};
use ostia_domain::{
    credential::Credential,
    key::Secret,
    reach::Reach,
    upstream::{HttpEndpoint, Stage},
};
use reqwest::Url;
use std::{net::IpAddr, sync::Arc};

#[derive(Clone)]
pub(in crate::pool) struct Client {
    connections: Arc<Connections>,
    pub(super) url: Url,
    /// Of [`Client::url`], as it stands in a request.
    target: Uri,
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
    Http(Error),
}

impl Client {
    /// An error says, for people, why this endpoint cannot be reached. `tokens` are those of the pool, for
    /// an endpoint that wants some.
    pub(super) fn new(
        endpoint: &HttpEndpoint,
        tokens: Option<Arc<Tokens>>,
    ) -> Result<Self, String> {
        let (connections, url) = connections(&endpoint.url, endpoint.allow_private_network)?;
        let target = target(&url)?;
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
            connections,
            url,
            target,
            headers,
            tokens,
            behind,
        })
    }

    /// A request without a body.
    pub(super) fn request(&self, method: Method) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.target.clone();
        request.headers_mut().clone_from(&self.headers);
        request
    }

    /// Sends a request, with an access token where the endpoint wants one. What is refused for its token
    /// had no effect, and is sent once more with another.
    pub(super) async fn send(&self, mut request: Request<Bytes>) -> Result<Response, SendError> {
        let Some(tokens) = &self.tokens else {
            return self
                .connections
                .send(request)
                .await
                .map_err(SendError::Http);
        };
        let token = tokens.token().await.map_err(SendError::NoToken)?;
        let authorization = token.header.clone();
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let sent = self.connections.send(request.clone()).await;
        let response = sent.map_err(SendError::Http)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            if response.status().is_success() {
                token.accepted();
            }
            return Ok(response);
        }
        let other = tokens.instead_of(&token).await;
        let Some(other) = other.map_err(SendError::NoToken)? else {
            return Ok(response);
        };
        let authorization = other.header.clone();
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let sent = self.connections.send(request).await;
        let response = sent.map_err(SendError::Http)?;
        if response.status().is_success() {
            other.accepted();
        }
        Ok(response)
    }

    /// Closes connections that were not used for long.
    pub(in crate::pool) fn close_idle(&self) {
        self.connections.close_idle();
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
            Self::Http(Error::Broke(problem)) => {
                tracing::warn!(worker, problem, "a request broke off");
                None
            }
            error => Some(Lost::Refused(error.refusal())),
        }
    }

    /// For operators.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::NoToken(problem) => Refusal::at(Stage::Authorize, problem),
            Self::Http(Error::Unreachable(stage, problem)) => {
                Refusal::at(stage, format!("it cannot be reached: {problem}"))
            }
            Self::Http(Error::Broke(problem)) => problem.into(),
        }
    }
}

/// Connections that go nowhere but where this URL may lead. An error says, for people, why they cannot.
pub(super) fn connections(
    url: &str,
    allow_private_network: bool,
) -> Result<(Arc<Connections>, Url), String> {
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
    let connections = Connections::new(&url, reach)?;
    Ok((Arc::new(connections), url))
}

/// Path and query of a URL, as they stand in a request. An error says, for people, what is wrong.
pub(super) fn target(url: &Url) -> Result<Uri, String> {
    let query = url.query().map(|query| format!("?{query}"));
    format!("{}{}", url.path(), query.unwrap_or_default())
        .parse()
        .map_err(|error| format!("its URL cannot be asked for: {error}"))
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
