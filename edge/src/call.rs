//! One request: what it is called, who made it, from where.

use http::{HeaderMap, HeaderName, HeaderValue};
use ostia_domain::{
    clock::Timestamp,
    network::{self, Network},
};
use std::{
    fmt,
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};
use uuid::Uuid;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Names a request to people, and is the id of its record. Time-ordered (UUIDv7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl RequestId {
    pub fn header_value(self) -> HeaderValue {
        let mut buffer = Uuid::encode_buffer();
        let text = self.0.hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes request ids without asking the operating system for randomness each time: eight random
/// bytes per process, and a counter.
#[derive(Debug)]
pub struct RequestIds {
    /// 48 random bits.
    process: u64,
    counter: AtomicU64,
}

impl RequestIds {
    pub fn new(random: [u8; 8]) -> Self {
        let random = u64::from_be_bytes(random);
        Self {
            process: random >> 16,
            counter: AtomicU64::new(random & 0xffff),
        }
    }

    /// A UUIDv7: 48 bits of milliseconds, 26 of a counter, 48 of this process. It would repeat at
    /// 2^26 requests within one millisecond.
    pub fn next(&self, now: Timestamp) -> RequestId {
        let millis = u128::try_from(now.timestamp_millis()).unwrap_or(0);
        let count = u128::from(self.counter.fetch_add(1, Ordering::Relaxed));
        let process = u128::from(self.process);
        // RFC 9562: time, version 7, 12 bits, variant 10, 62 bits.
        let high_count = (count >> 14) & 0xfff;
        let low_count = count & 0x3fff;
        RequestId(Uuid::from_u128(
            (millis & 0xffff_ffff_ffff) << 80
                | 0x7 << 76
                | high_count << 64
                | 0b10 << 62
                | low_count << 48
                | process,
        ))
    }
}

/// What is known of a request before anything of it was believed.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub id: RequestId,
    pub at: Timestamp,
    pub started: Instant,
    /// Of the client, as far as proxies that are trusted tell.
    pub remote: IpAddr,
}

/// The address of a client, as far as trusted proxies tell.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let said = headers.get_all(FORWARDED_FOR).iter();
    let said = said.filter_map(|value| value.to_str().ok());
    network::client_address(peer, said, trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_believed_of_trusted_proxies_alone() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let address = |peer: &str, said: &[&str]| {
            let mut headers = HeaderMap::new();
            for said in said {
                headers.append(FORWARDED_FOR, HeaderValue::from_str(said).unwrap());
            }
            client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            address("::ffff:10.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        // What the client itself wrote stands further left, and proves nothing.
        assert_eq!(
            address("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &["203.0.113.9", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &["unknown"]), "10.0.0.1");
    }

    #[test]
    fn ids_are_ordered_and_never_repeat() {
        let ids = RequestIds::new([7; 8]);
        let now = ostia_domain::clock::now();
        let made: Vec<_> = (0..20_000).map(|_| ids.next(now).0).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(made[0].get_version_num(), 7);
        assert_eq!(made[0].get_variant(), uuid::Variant::RFC4122);
    }
}
