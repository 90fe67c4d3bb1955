//! Who is at the other end of a connection.

use crate::Site;
use http::{HeaderMap, header::USER_AGENT};
use ostia_domain::network::client_address;
use std::net::{IpAddr, SocketAddr};

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
