//! With which key, from where and by which client a request comes.

use crate::authority::With;
use http::{HeaderMap, HeaderValue, Request, header::USER_AGENT};
use ostia_proto::client::{ADDRESS_HEADER, CLIENT_HEADER, KEY_HEADER};
use std::net::IpAddr;
use tonic::{
    body::Body,
    transport::server::{TcpConnectInfo, TlsConnectInfo},
};

/// Longer names of clients are cut, as at an edge.
const MAX_CLIENT_BYTES: usize = 200;

/// As a known caller says of whoever it calls for. What cannot be read was not said.
pub(super) fn told(headers: &HeaderMap) -> With {
    let said = |name| headers.get(name)?.to_str().ok();
    With {
        key: said(KEY_HEADER).and_then(|key| key.parse().ok()),
        address: said(ADDRESS_HEADER).and_then(|address| address.parse().ok()),
        client: headers.get(CLIENT_HEADER).and_then(client),
    }
}

/// As it looks from here, whatever the caller says: a proxy in front of control is who it comes from.
pub(super) fn seen(request: &Request<Body>) -> With {
    With {
        key: None,
        address: peer(request),
        client: request.headers().get(USER_AGENT).and_then(client),
    }
}

/// Of a known caller that names no user: what it says of somebody else, or what is seen of itself.
pub(super) fn told_or_seen(request: &Request<Body>) -> With {
    let told = told(request.headers());
    if told.address.is_some() {
        told
    } else {
        seen(request)
    }
}

fn peer(request: &Request<Body>) -> Option<IpAddr> {
    let extensions = request.extensions();
    let plain = extensions.get::<TcpConnectInfo>();
    let secure = extensions.get::<TlsConnectInfo<TcpConnectInfo>>();
    let info = plain.or(secure.map(TlsConnectInfo::get_ref))?;
    info.remote_addr()
        .map(|address| address.ip().to_canonical())
}

/// A header that reads as text is ASCII without control characters but the tab, so every cut is between
/// characters.
fn client(said: &HeaderValue) -> Option<String> {
    let said = said.to_str().ok()?.replace('\t', " ");
    let said = said.trim();
    let cut = &said[..said.len().min(MAX_CLIENT_BYTES)];
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clients_are_cut_and_clean() {
        let cleaned = |said: &str| client(&HeaderValue::from_bytes(said.as_bytes()).unwrap());
        assert_eq!(cleaned(" a\tb ").as_deref(), Some("a b"));
        assert_eq!(cleaned("  "), None);
        assert_eq!(cleaned("ä"), None);
        assert_eq!(cleaned(&"x".repeat(500)), Some("x".repeat(200)));
    }

    #[test]
    fn what_cannot_be_read_was_not_said() {
        let mut headers = HeaderMap::new();
        for name in [KEY_HEADER, ADDRESS_HEADER] {
            headers.insert(name, HeaderValue::from_static("nonsense"));
        }
        let told = told(&headers);
        assert!(told.key.is_none() && told.address.is_none() && told.client.is_none());
    }
}
