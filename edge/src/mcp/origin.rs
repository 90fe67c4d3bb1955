//! Which hosts and web origins a request may name: the guard against DNS rebinding.

use crate::{config::Config, error::Error};
use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
};
use ostia_domain::code::Code;

const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// Refuses a request that a foreign web page made, or that reached us under a foreign name.
pub fn check(config: &Config, headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
    let host = match headers.get(HOST) {
        Some(host) => host.to_str().ok(),
        // HTTP/2 names the host in the request target.
        None => uri.authority().map(http::uri::Authority::as_str),
    };
    let known = |host: &str| {
        LOOPBACK
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host))
            || config
                .allowed_hosts
                .iter()
                .any(|known| known.eq_ignore_ascii_case(host))
    };
    let name = host.map(without_port).unwrap_or_default();
    if !known(name) {
        return Err(Error::new(
            Code::HostForbidden,
            format!(
                "This Ostia does not answer as {:?}. Use a name it knows, or have an administrator \
                 add this one to its allowed hosts.",
                shortened(name)
            ),
        ));
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = origin
        .split_once("://")
        .map_or("", |(_, host)| without_port(host));
    let loopback = LOOPBACK
        .iter()
        .any(|known| known.eq_ignore_ascii_case(host));
    if loopback
        || config
            .allowed_origins
            .iter()
            .any(|known| known.eq_ignore_ascii_case(origin))
    {
        return Ok(());
    }
    Err(Error::new(
        Code::OriginForbidden,
        format!(
            "Web pages of {:?} may not call this Ostia. An administrator can add the origin to its \
             allowed origins.",
            shortened(origin)
        ),
    ))
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(host: &str, origin: Option<&str>) -> Option<Code> {
        let config = Config {
            name: String::new(),
            advertise_url: None,
            allowed_hosts: vec!["mcp.example.com".into()],
            allowed_origins: vec!["https://app.example.com".into()],
            trusted_proxies: Vec::new(),
            exposed_names: ostia_domain::name::ExposedNames::Safe,
            max_body_bytes: 0,
            session_keys: vec![],
            own_program: "".into(),
            max_revocation_age: std::time::Duration::ZERO,
            state_dir: "".into(),
            spool_dir: "".into(),
            drain_timeout: std::time::Duration::ZERO,
            process: std::sync::Arc::default(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        check(&config, &headers, &Uri::from_static("/mcp"))
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn only_known_hosts_and_origins_pass() {
        assert_eq!(verdict("127.0.0.1:8080", None), None);
        assert_eq!(verdict("[::1]:8080", Some("http://localhost:3000")), None);
        assert_eq!(
            verdict("MCP.example.com", Some("https://app.example.com")),
            None
        );
        assert_eq!(verdict("evil.example", None), Some(Code::HostForbidden));
        assert_eq!(
            verdict("localhost.evil.example", None),
            Some(Code::HostForbidden)
        );
        assert_eq!(
            verdict("localhost", Some("http://evil.example")),
            Some(Code::OriginForbidden)
        );
        assert_eq!(
            verdict("localhost", Some("http://localhost.evil.example")),
            Some(Code::OriginForbidden)
        );
        assert_eq!(
            verdict("localhost", Some("null")),
            Some(Code::OriginForbidden)
        );
    }
}
