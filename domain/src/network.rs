//! Networks by address and prefix, such as `10.0.0.0/8`.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// A network; one address is a network of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no network: write it as 10.0.0.0/8, 2001:db8::/32 or as one address")]
pub struct NetworkError(String);

/// The address of a client: of whoever is connected, or, where that is a trusted proxy, what it says of
/// who connected to it, and so on. `said` are the values of `X-Forwarded-For` in their order. What a
/// stranger says about where it comes from is not looked at.
pub fn client_address<'a>(
    peer: IpAddr,
    said: impl IntoIterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.to_canonical();
    let said: Vec<_> = said
        .into_iter()
        .flat_map(|value| value.split(','))
        .collect();
    for said in said.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Ok(before) = said.trim().parse::<IpAddr>() else {
            break;
        };
        address = before.to_canonical();
    }
    address
}

impl Network {
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>().or_else(|_| one());
        network
            .map(|network| Self(network.trunc()))
            .map_err(|_| NetworkError(text.to_owned()))
    }

    /// An IPv4 address that came as IPv6 counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;
    fn try_from(text: String) -> Result<Self, NetworkError> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_in_networks() {
        let within = |network: &str, address: &str| {
            let network = Network::parse(network).unwrap();
            network.contains(address.parse().unwrap())
        };
        assert!(within("10.1.2.3/8", "10.9.9.9"));
        assert!(within("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(within("192.0.2.7", "192.0.2.7") && !within("192.0.2.7", "192.0.2.8"));
        assert!(within("2001:db8::/32", "2001:db8:1::1"));
        assert!(!within("0.0.0.0/0", "::1"));
        for text in ["", "10/8", "10.0.0.0/33", "example.com"] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Network::parse("10.1.2.3/8").unwrap().to_string(),
            "10.0.0.0/8"
        );
    }
}
