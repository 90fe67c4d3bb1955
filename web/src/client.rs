//! Who is at the other end of a connection.

use crate::Site;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, header::USER_AGENT, request::Parts};
use ostia_domain::network::client_address;
use ostia_proto::ControlClient;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Browsers say a third of it.
const MAX_AGENT_BYTES: usize = 400;

/// Of the client, as far as proxies that are trusted tell.
pub(crate) fn address_of(site: &Site, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let said = headers.get_all(FORWARDED_FOR);
    let said = said.iter().filter_map(|value| value.to_str().ok());
    client_address(peer.ip(), said, &site.config.trusted_proxies)
}

/// What the client says of itself, cut where it says too much.
pub(crate) fn agent_of(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(USER_AGENT)?.to_str().ok()?;
    let said: String = said.chars().filter(|said| !said.is_control()).collect();
    // A header that is text is ASCII: any byte begins a character.
    Some(said.get(..MAX_AGENT_BYTES).unwrap_or(&said).to_owned())
}

/// As audit is to tell of it.
#[derive(Clone)]
pub(crate) struct Client {
    /// Unset only where a listener does not say who connects.
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: Option<String>,
}

impl Client {
    pub(crate) fn of(site: &Site, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            address: peer.map(|ConnectInfo(peer)| address_of(site, *peer, &parts.headers)),
            agent: agent_of(&parts.headers),
        }
    }

    /// Control, which is told who is behind each call.
    pub(crate) fn through(&self, control: &ControlClient) -> ControlClient {
        match self.address {
            Some(address) => control.coming_from(address, self.agent.as_deref()),
            None => control.clone(),
        }
    }
}

impl FromRequestParts<Site> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        Ok(Self::of(site, parts))
    }
}
