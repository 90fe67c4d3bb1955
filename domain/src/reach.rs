//! Which addresses something that an operator named by URL may have, so that no name leads to where only this
//! machine or its cloud should reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a definition allows.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Loopback and private networks, and plain HTTP.
    pub allow_private_network: bool,
}

impl Reach {
    pub fn allows(self, address: IpAddr) -> bool {
        !is_never(address) && (self.allow_private_network || !is_private(plain(address)))
    }
}

/// An IPv4 address that is written as one of IPv6 is the same place.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Where nobody has a server, whatever a definition allows: clouds keep their metadata at link-local addresses.
pub fn is_never(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6.is_unspecified()
                || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
                || embedded(v6).is_some_and(|v4| is_never(v4.into()))
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_documentation()
                // "This network", carrier-grade NAT, protocol assignments, benchmarks, reserved.
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && v4.octets()[2] == 0)
                || (a == 198 && (18..20).contains(&b))
                || a >= 240
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unique_local()
                // Site-local, which is deprecated, and NAT64 of a network's own.
                || v6.segments()[0] & 0xffc0 == 0xfec0
                || v6.segments()[..3] == [0x64, 0xff9b, 1]
                // Addresses that carry one of IPv4: 6to4, NAT64, and the deprecated compatible ones.
                || embedded(v6).is_some_and(|v4| is_private(v4.into()))
        }
    }
}

fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match segments {
        [0x2002, high, low, ..] => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0, 0, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str, allow_private_network: bool) -> bool {
        let reach = Reach {
            allow_private_network,
        };
        reach.allows(text.parse().unwrap())
    }

    #[test]
    fn metadata_is_out_of_reach_whatever_is_allowed() {
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!allows(text, true), "{text}");
        }
    }

    #[test]
    fn a_private_network_takes_a_word() {
        for text in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::ffff:127.0.0.1",
            "fd12::1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "fec0::1",
        ] {
            assert!(!allows(text, false), "{text}");
            assert!(allows(text, true), "{text}");
        }
        for text in ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"] {
            assert!(allows(text, false), "{text}");
        }
    }
}
