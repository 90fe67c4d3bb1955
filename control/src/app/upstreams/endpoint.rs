//! What may be the address of an upstream over HTTP, and its headers.

use crate::error::{Error, Result};
use http::{HeaderName, HeaderValue, Uri, uri::Scheme};
use ostia_domain::upstream::HttpEndpoint;

/// Headers that the protocol or the connection has for itself.
const OWN: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "last-event-id",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const OWN_PREFIXES: [&str; 2] = ["mcp-", "proxy-"];

pub(super) fn check(field: &'static str, endpoint: &HttpEndpoint) -> Result<()> {
    let invalid = |problem: String| Err(Error::invalid(field, problem));
    if let Err(problem) = check_url(endpoint) {
        return invalid(format!("url {problem}"));
    }
    for (name, value) in &endpoint.headers {
        if HeaderName::try_from(name.as_str()).is_err() {
            return invalid(format!("{name:?} is no name of a header"));
        }
        let own = OWN.contains(&name.as_str())
            || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if own {
            return invalid(format!("the header {name:?} is Ostia's own"));
        }
        if HeaderValue::try_from(value.expose()).is_err() {
            return invalid(format!("the value of the header {name:?} cannot be sent"));
        }
    }
    Ok(())
}

fn check_url(endpoint: &HttpEndpoint) -> Result<(), &'static str> {
    let url: Uri = endpoint.url.parse().map_err(|_| "is no URL")?;
    let authority = url.authority().ok_or("names no host")?;
    if authority.as_str().contains('@') {
        return Err("must not hold credentials: use headers");
    }
    if endpoint.url.contains('#') {
        return Err("must not have a fragment");
    }
    let scheme = url.scheme();
    if scheme == Some(&Scheme::HTTPS) {
        Ok(())
    } else if scheme != Some(&Scheme::HTTP) {
        Err("must begin with https://")
    } else if endpoint.allow_private_network {
        Ok(())
    } else {
        Err("must begin with https://, or allow_private_network be set")
    }
}
