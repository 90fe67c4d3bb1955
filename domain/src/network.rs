//! Networks by address and prefix, such as `10.0.0.0/8`.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// Bits before an IPv4 address that is written as IPv6.
const MAPPED: u8 = 96;

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
    /// IPv4 that is written as IPv6 is IPv4, as are addresses that come so. A prefix that cuts into what says so
    /// means no network of either.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse::<IpNet>().ok().or_else(one);
        let network = network.and_then(|network| match network {
            IpNet::V6(network) => canonical(network),
            IpNet::V4(_) => Some(network),
        });
        network
            .map(|network| Self(network.trunc()))
            .ok_or_else(|| NetworkError(text.to_owned()))
    }

    /// An IPv4 address that came as IPv6 counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

fn canonical(network: Ipv6Net) -> Option<IpNet> {
    let Some(address) = network.addr().to_ipv4_mapped() else {
        return Some(IpNet::V6(network));
    };
    let prefix = network.prefix_len().checked_sub(MAPPED)?;
    Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
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
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    proptest! {
        /// A network is the same however it is written, and has the same addresses in it however they come.
        #[test]
        fn ipv4_is_ipv4_however_it_is_written(address: u32, prefix in 0u8..=32, other: u32, near: bool) {
            let address = Ipv4Addr::from(address);
            let mapped = address.to_ipv6_mapped();
            let plain = Network::parse(&format!("{address}/{prefix}")).unwrap();
            let written = Network::parse(&format!("{mapped}/{}", prefix + MAPPED)).unwrap();
            prop_assert_eq!(plain, written);
            prop_assert_eq!(Network::parse(&plain.to_string()), Ok(plain));
            prop_assert_eq!(
                Network::parse(&address.to_string()),
                Network::parse(&mapped.to_string())
            );
            // Mostly some bits away, so that both answers are common.
            let other = if near { u32::from(address) ^ (other >> 16) } else { other };
            let within = u64::from(u32::from(address) ^ other) >> (32 - prefix) == 0;
            let other = Ipv4Addr::from(other);
            for comes in [IpAddr::V4(other), IpAddr::V6(other.to_ipv6_mapped())] {
                prop_assert_eq!(plain.contains(comes), within, "{} in {}", comes, plain);
            }
        }

        /// Whatever is taken can be met: its own address is in it.
        #[test]
        fn no_network_is_empty(address: u128, mapped: bool, prefix in 0u8..=128) {
            let address = if mapped {
                let bytes = address.to_be_bytes();
                Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).to_ipv6_mapped()
            } else {
                Ipv6Addr::from(address)
            };
            let parsed = Network::parse(&format!("{address}/{prefix}"));
            let refused = address.to_ipv4_mapped().is_some() && prefix < MAPPED;
            prop_assert_eq!(parsed.is_err(), refused);
            if let Ok(network) = parsed {
                prop_assert!(network.contains(address.into()), "{} not in {}", address, network);
            }
        }
    }

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
        assert!(within("::ffff:127.0.0.0/104", "127.1.2.3"));
        assert!(!within("::ffff:127.0.0.0/104", "128.1.2.3"));
        for text in [
            "",
            "10/8",
            "10.0.0.0/33",
            "example.com",
            "::ffff:10.0.0.0/95",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Network::parse("10.1.2.3/8").unwrap().to_string(),
            "10.0.0.0/8"
        );
    }
}
