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

/// The address that the host of a URL is, in any spelling that resolvers take: `2852039166`, `0x7f.1` and `0177.0.0.1`
/// are addresses of IPv4 too.
pub fn literal(host: &str) -> Option<IpAddr> {
    let inside = host.trim_matches(['[', ']']);
    inside.parse().ok().or_else(|| number(host).map(IpAddr::V4))
}

/// One to four numbers, the last of which fills what is left.
fn number(host: &str) -> Option<Ipv4Addr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let parts: Option<Vec<u32>> = host.split('.').map(part).collect();
    let parts = parts?;
    let (last, first) = parts.split_last()?;
    let free = 32_usize
        .checked_sub(8 * first.len())
        .filter(|free| *free > 0)?;
    let fits = first.iter().all(|part| *part < 256) && u64::from(*last) < 1 << free;
    let high = first
        .iter()
        .fold(0, |sum, part| sum << 8 | u64::from(*part));
    let address = u32::try_from(high << free | u64::from(*last));
    address.ok().filter(|_| fits).map(Ipv4Addr::from)
}

/// Decimal, octal after a `0`, or hexadecimal after `0x`.
fn part(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // `0x` alone is a zero.
    if digits.is_empty() && radix == 16 {
        return Some(0);
    }
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| only_digits)
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

    #[test]
    fn an_address_is_known_however_it_is_written() {
        for (text, address) in [
            ("2852039166", "169.254.169.254"),
            ("0xa9fea9fe", "169.254.169.254"),
            ("0251.0376.0251.0376", "169.254.169.254"),
            ("169.254.43518", "169.254.169.254"),
            ("169.254.169.254.", "169.254.169.254"),
            ("0X7F.1", "127.0.0.1"),
            ("0177.0.0.1", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1"),
            ("0", "0.0.0.0"),
            ("[fe80::1]", "fe80::1"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(literal(text), Some(address), "{text}");
        }
        for name in [
            "",
            ".",
            "localhost",
            "1.example.com",
            "256.1.1.1",
            "1.2.3.4.5",
            "4294967296",
            "1..2",
            "08.1",
            "-1",
            "+1",
            "0x1g",
            "1.2.65536",
        ] {
            assert_eq!(literal(name), None, "{name}");
        }
    }
}
