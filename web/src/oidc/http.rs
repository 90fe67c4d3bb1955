//! How a provider is asked: https, only at addresses that it may have, nowhere that an answer leads to.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use ostia_domain::reach::Reach;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Keys and metadata are a few kilobytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Without the address, which may hold a code.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HttpError(String);

#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    reach: Reach,
}

/// Names are resolved here, and only what was checked is connected to.
struct Checked(Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(
                    "it has no address that a provider may have; for one in a private \
                            network set allow_private_network"
                        .into(),
                );
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Http {
    pub(crate) fn new(reach: Reach) -> Result<Self, HttpError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // Neither credentials nor checks follow to somewhere else.
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Checked(reach)))
            .build()
            .map_err(described)?;
        Ok(Self { client, reach })
    }

    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url: Url = parts
            .uri
            .to_string()
            .parse()
            .map_err(|_| HttpError("its address is none".to_owned()))?;
        check(self.reach, &url)?;
        let request = self
            .client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body);
        let mut answer = request.send().await.map_err(described)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(described)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(HttpError("its answer is longer than a megabyte".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn check(reach: Reach, url: &Url) -> Result<(), HttpError> {
    let refused = |why: &str| Err(HttpError(why.to_owned()));
    match url.scheme() {
        "https" => {}
        "http" if reach.allow_private_network => {}
        _ => return refused("its address does not begin with https://"),
    }
    // An address is not resolved, so it is checked here.
    let address = url
        .host_str()
        .and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    if address.is_some_and(|address| !reach.allows(address)) {
        return refused("its address is one that a provider may not have");
    }
    Ok(())
}

fn described(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    HttpError(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(url: &str, allow_private_network: bool) -> bool {
        let reach = Reach {
            allow_private_network,
        };
        check(reach, &url.parse().unwrap()).is_ok()
    }

    #[test]
    fn a_provider_is_at_https_and_nowhere_inside_unless_allowed() {
        assert!(reaches("https://login.example/", false));
        for inside in [
            "http://login.example/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
        ] {
            assert!(!reaches(inside, false), "{inside}");
            assert!(reaches(inside, true), "{inside}");
        }
        for never in ["https://169.254.169.254/", "https://[fe80::1]/", "ftp://h/"] {
            assert!(!reaches(never, true), "{never}");
        }
    }
}
