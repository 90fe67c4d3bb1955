//! What may be the address of an upstream over HTTP, and its headers.

use crate::error::{Error, Result};
use http::{HeaderName, HeaderValue, Uri, uri::Scheme};
use ostia_domain::upstream::HttpEndpoint;

/// Where an endpoint stands in a definition, for whoever has to correct it.
pub(super) struct Fields {
    url: &'static str,
    headers: &'static str,
}

pub(super) const HTTP: Fields = Fields {
    url: "definition.http.url",
    headers: "definition.http.headers",
};
pub(super) const SSE: Fields = Fields {
    url: "definition.sse.url",
    headers: "definition.sse.headers",
};

/// Headers that the protocol, the connection or the edge has for itself.
const OWN: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "last-event-id",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const OWN_PREFIXES: [&str; 3] = ["content-", "mcp-", "proxy-"];

pub(super) fn check(fields: &Fields, endpoint: &HttpEndpoint) -> Result<()> {
    check_url(endpoint).map_err(|problem| Error::invalid(fields.url, problem))?;
    for (name, value) in &endpoint.headers {
        check_header(name, value.expose())
            .map_err(|problem| Error::invalid(fields.headers, format!("{name:?} {problem}")))?;
    }
    Ok(())
}

fn check_url(endpoint: &HttpEndpoint) -> Result<(), &'static str> {
    let url: Uri = endpoint.url.parse().map_err(|_| "is no URL")?;
    let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else {
        return Err("must begin with https:// and name a host");
    };
    if authority.as_str().contains('@') {
        return Err("must not hold credentials: send them as headers, which are sealed");
    }
    if authority.host().is_empty() {
        return Err("names no host");
    }
    let after_host = &authority.as_str()[authority.host().len()..];
    if !after_host.is_empty() && authority.port().is_none() {
        return Err("has a port that is none");
    }
    // `Uri` drops it without a word.
    if endpoint.url.contains('#') {
        return Err("must not have a fragment");
    }
    match (scheme, endpoint.allow_private_network) {
        (scheme, _) if *scheme == Scheme::HTTPS => Ok(()),
        (scheme, true) if *scheme == Scheme::HTTP => Ok(()),
        (scheme, false) if *scheme == Scheme::HTTP => {
            Err("must begin with https://: http:// needs allow_private_network")
        }
        _ => Err("must begin with https://"),
    }
}

fn check_header(name: &str, value: &str) -> Result<(), &'static str> {
    if HeaderName::try_from(name).is_err() {
        return Err("is no name of a header");
    }
    if OWN.contains(&name) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return Err("is a header that Ostia writes itself");
    }
    if HeaderValue::try_from(value).is_err() {
        return Err("has a value that cannot be sent in a header");
    }
    Ok(())
}
