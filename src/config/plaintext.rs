//! Control and its clients send each other keys and credentials. Over a network that is done in TLS, or where
//! the operator says that nobody else reads along.

use crate::failure::Failure;
use std::net::{IpAddr, SocketAddr};

const ALLOW: &str = "--control-plaintext (control.plaintext)";

/// Whether control may listen here.
pub(super) fn check_listener(address: SocketAddr, tls: bool, allowed: bool) -> Result<(), Failure> {
    if tls || allowed || address.ip().is_loopback() {
        return Ok(());
    }
    let problem = format!(
        "--control-listen {address}: keys and credentials would cross a network in plain text"
    );
    Err(Failure::usage(problem).hint(format!(
        "pass --tls-cert and --tls-key, and --tls-client-ca to demand client certificates; or, on a network \
         that encrypts by itself, {ALLOW}"
    )))
}

/// Whether a client may talk to control at this `http://` address; `authority` is what follows.
pub(super) fn check_url(authority: &str, allowed: bool) -> Result<(), Failure> {
    if allowed || is_loopback(authority) {
        return Ok(());
    }
    let problem = format!(
        "--control-url http://{authority}: keys and credentials would cross a network in plain text"
    );
    Err(Failure::usage(problem).hint(format!(
        "use an https:// address with --control-ca; or, on a network that encrypts by itself, {ALLOW}"
    )))
}

fn is_loopback(authority: &str) -> bool {
    let authority = authority.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_talked_to_in_plain_text() {
        for here in [
            "127.0.0.1:7070",
            "[::1]:7070",
            "localhost",
            "LOCALHOST:7070/",
            "127.8.9.1",
        ] {
            assert!(check_url(here, false).is_ok(), "{here}");
        }
        for there in [
            "control:7070",
            "10.0.0.1:7070",
            "localhost.example.com",
            "[fe80::1]:7070",
            "0.0.0.0:7070",
        ] {
            assert!(check_url(there, false).is_err(), "{there}");
            assert!(check_url(there, true).is_ok(), "{there}");
        }
    }

    #[test]
    fn every_interface_is_a_network() {
        for (address, free) in [
            ("127.0.0.1:0", true),
            ("[::1]:0", true),
            ("0.0.0.0:0", false),
            ("[::]:0", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(
                check_listener(address, false, false).is_ok(),
                free,
                "{address}"
            );
            assert!(check_listener(address, true, false).is_ok());
            assert!(check_listener(address, false, true).is_ok());
        }
    }
}
