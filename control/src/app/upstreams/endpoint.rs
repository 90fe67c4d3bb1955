//! What may be the address of an upstream over HTTP, and its headers.

use crate::error::{Error, Result};
use http::{HeaderName, HeaderValue, Uri, header::AUTHORIZATION, uri::Scheme};
use ostia_domain::{
    credential::Credential,
    reach,
    redact::{Within, secret_in_url},
    upstream::HttpEndpoint,
};

/// Where an endpoint stands in a definition, for whoever has to correct it.
pub(super) struct Fields {
    url: &'static str,
    headers: &'static str,
    credential: &'static str,
}

pub(super) const HTTP: Fields = Fields {
    url: "definition.http.url",
    headers: "definition.http.headers",
    credential: "definition.http.credential",
};
pub(super) const SSE: Fields = Fields {
    url: "definition.sse.url",
    headers: "definition.sse.headers",
    credential: "definition.sse.credential",
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
    check_url(&endpoint.url, endpoint.allow_private_network)
        .map_err(|problem| Error::invalid(fields.url, problem))?;
    for (name, value) in &endpoint.headers {
        check_header(name, value.expose())
            .map_err(|problem| Error::invalid(fields.headers, format!("{name:?} {problem}")))?;
    }
    if let Some(credential) = &endpoint.credential {
        let twice = endpoint.headers.contains_key(AUTHORIZATION.as_str());
        let checked = if twice {
            Err("comes with a header `authorization`: take one of them".to_owned())
        } else {
            check_credential(credential, endpoint.allow_private_network)
        };
        checked.map_err(|problem| Error::invalid(fields.credential, problem))?;
    }
    Ok(())
}

/// All but whether its secret is there: an empty one may be what it was before.
fn check_credential(credential: &Credential, private: bool) -> Result<(), String> {
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let printable = |text: &str| !text.chars().any(char::is_control);
    match credential {
        Credential::Bearer { token } if !visible(token.expose()) => {
            Err("the bearer token has characters that cannot be sent in a header".into())
        }
        Credential::Bearer { .. } => Ok(()),
        Credential::Basic { username, password } => {
            if username.contains(':') {
                return Err("the username must not have a colon".into());
            }
            if !printable(username) || !printable(password.expose()) {
                return Err("username and password must not have control characters".into());
            }
            Ok(())
        }
        Credential::ClientCredentials(grant) => {
            check_url(&grant.token_url, private)
                .map_err(|problem| format!("token_url {problem}"))?;
            let texts = [&*grant.client_id, grant.client_secret.expose()];
            if grant.client_id.is_empty() || !texts.into_iter().all(printable) {
                return Err("client_id is required, without control characters, as \
                            is client_secret"
                    .into());
            }
            let is_scope = |scope: &String| {
                !scope.is_empty() && visible(scope) && !scope.contains(['"', '\\'])
            };
            if let Some(scope) = grant.scopes.iter().find(|scope| !is_scope(scope)) {
                return Err(format!("{scope:?} is no scope"));
            }
            let is_absolute = |uri: &&String| {
                let scheme = uri.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some());
                scheme && !uri.contains('#')
            };
            if let Some(resource) = grant.resource.as_ref().filter(|uri| !is_absolute(uri)) {
                return Err(format!(
                    "resource {resource:?} is no absolute URI without a fragment"
                ));
            }
            let audience = grant.audience.as_deref().unwrap_or("-");
            if audience.is_empty() || !printable(audience) {
                return Err("audience must not be empty".into());
            }
            Ok(())
        }
    }
}

fn check_url(text: &str, private: bool) -> Result<(), String> {
    check_place(text, private)?;
    match secret_in_url(text) {
        None => Ok(()),
        Some(Within::Parameter(name)) => Err(format!(
            "holds a credential in the parameter {name:?}, where anybody can read it: send it in a header, as \
             `credential` or `headers`, which are sealed"
        )),
        Some(Within::Text) => Err(
            "holds what looks like a credential, where anybody can read it: send it in a header, as \
             `credential` or `headers`, which are sealed"
                .to_owned(),
        ),
    }
}

fn check_place(text: &str, private: bool) -> Result<(), &'static str> {
    let url: Uri = text.parse().map_err(|_| "is no URL")?;
    let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else {
        return Err("must begin with https:// and name a host");
    };
    if authority.as_str().contains('@') {
        return Err("must not hold credentials: send them as headers, which are sealed");
    }
    if authority.host().is_empty() {
        return Err("names no host");
    }
    // What a name leads to is looked at when it is connected to, as is a private network.
    if reach::literal(authority.host()).is_some_and(reach::is_never) {
        return Err(
            "names an address that no upstream may have: link-local, where clouds keep their \
             metadata, multicast or unspecified",
        );
    }
    let after_host = &authority.as_str()[authority.host().len()..];
    if !after_host.is_empty() && authority.port().is_none() {
        return Err("has a port that is none");
    }
    // `Uri` drops it without a word.
    if text.contains('#') {
        return Err("must not have a fragment");
    }
    match (scheme, private) {
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
