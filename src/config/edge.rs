//! Settings of the edge.

use super::{endpoint, file};
use crate::{args::EdgeArgs, failure::Failure};
use ostia_domain::{name::ExposedNames, network::Network};
use ostia_edge::config::{
    DEFAULT_DRAIN_TIMEOUT, DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_REVOCATION_AGE,
};
use std::{fs, time::Duration};

/// A body limit below this would refuse the protocol's own handshake.
const MIN_BODY_BYTES: usize = 1 << 10;

/// Control says at least every 5 s that it is there; below this one that is late would count as away, and good
/// calls be refused.
const MIN_REVOCATION_AGE: Duration = Duration::from_secs(10);

pub(crate) struct EdgeSettings {
    pub(crate) name: String,
    /// For other edges.
    pub(crate) advertise_url: Option<String>,
    /// Beside loopback and the listen address.
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) exposed_names: ExposedNames,
    pub(crate) max_body_bytes: usize,
    pub(crate) drain_timeout: Duration,
    pub(crate) max_revocation_age: Duration,
}

pub(crate) fn settings(args: &EdgeArgs, file: &file::Edge) -> Result<EdgeSettings, Failure> {
    let exposed = args.exposed_names.or(file.exposed_names);
    Ok(EdgeSettings {
        name: name(args.edge_name.clone().or_else(|| file.name.clone()))?,
        advertise_url: endpoint::public_url(
            "--advertise-url (edge.advertise_url)",
            args.advertise_url.clone(),
            file.advertise_url.clone(),
        )?,
        allowed_hosts: checked(
            "--allowed-host (edge.allowed_hosts)",
            &args.allowed_host,
            &file.allowed_hosts,
            host,
        )?,
        allowed_origins: checked(
            "--allowed-origin (edge.allowed_origins)",
            &args.allowed_origin,
            &file.allowed_origins,
            origin,
        )?,
        trusted_proxies: trusted_proxies(args, file)?,
        exposed_names: exposed.map(ExposedNames::from).unwrap_or_default(),
        max_body_bytes: max_body_bytes(args.max_body_bytes.or(file.max_body_bytes))?,
        drain_timeout: args
            .drain_timeout_ms
            .or(file.drain_timeout_ms)
            .map_or(DEFAULT_DRAIN_TIMEOUT, Duration::from_millis),
        max_revocation_age: max_revocation_age(
            args.max_revocation_age_s.or(file.max_revocation_age_s),
        )?,
    })
}

/// Of the web role; checked as the edge's are.
pub(crate) fn api_origins(flags: &[String], file: &file::Web) -> Result<Vec<String>, Failure> {
    checked(
        "--api-origin (web.api_origins)",
        flags,
        &file.api_origins,
        origin,
    )
}

fn trusted_proxies(args: &EdgeArgs, file: &file::Edge) -> Result<Vec<Network>, Failure> {
    let setting = "--trusted-proxy (edge.trusted_proxies)";
    let given = if args.trusted_proxy.is_empty() {
        &file.trusted_proxies
    } else {
        &args.trusted_proxy
    };
    let read = given.iter().map(|text| Network::parse(text));
    read.collect::<Result<_, _>>()
        .map_err(|error| Failure::usage(format!("{setting}: {error}")))
}

fn name(given: Option<String>) -> Result<String, Failure> {
    let Some(name) = given else {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host: String = host.trim().chars().filter(|c| name_character(*c)).collect();
        return Ok(if host.is_empty() {
            "edge".to_owned()
        } else {
            host
        });
    };
    if name.is_empty() || name.len() > 100 || !name.chars().all(name_character) {
        return Err(Failure::usage(format!(
            "--edge-name (edge.name) {name:?}: use 1 to 100 letters, digits, '-', '.' and '_'"
        )));
    }
    Ok(name)
}

fn name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

fn checked(
    setting: &str,
    flags: &[String],
    file: &[String],
    check: fn(&str) -> Result<(), &'static str>,
) -> Result<Vec<String>, Failure> {
    let values = if flags.is_empty() { file } else { flags };
    for value in values {
        check(value)
            .map_err(|problem| Failure::usage(format!("{setting} {value:?}: {problem}")))?;
    }
    Ok(values.to_vec())
}

fn host(value: &str) -> Result<(), &'static str> {
    if value.is_empty() || value.contains(['/', '@', ' ', '*']) {
        return Err("write a host as it stands in a URL, without scheme, path or pattern");
    }
    Ok(())
}

fn origin(value: &str) -> Result<(), &'static str> {
    let problem = "write an origin as a browser sends it: scheme://host[:port] and nothing after";
    let (_, rest) = value.split_once("://").ok_or(problem)?;
    if rest.is_empty() || rest.contains(['/', '@', ' ', '*']) {
        return Err(problem);
    }
    Ok(())
}

fn max_body_bytes(given: Option<usize>) -> Result<usize, Failure> {
    match given {
        Some(bytes) if bytes < MIN_BODY_BYTES => Err(Failure::usage(format!(
            "--max-body-bytes (edge.max_body_bytes) {bytes}: is less than {MIN_BODY_BYTES}"
        ))),
        given => Ok(given.unwrap_or(DEFAULT_MAX_BODY_BYTES)),
    }
}

fn max_revocation_age(given: Option<u64>) -> Result<Duration, Failure> {
    let age = given.map_or(DEFAULT_MAX_REVOCATION_AGE, Duration::from_secs);
    if age < MIN_REVOCATION_AGE {
        return Err(Failure::usage(format!(
            "--max-revocation-age-s (edge.max_revocation_age_s) {}: is less than {}: control says every few \
             seconds that it is there, and calls would be refused in between",
            age.as_secs(),
            MIN_REVOCATION_AGE.as_secs()
        )));
    }
    Ok(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file() {
        let args = EdgeArgs {
            max_body_bytes: Some(2048),
            allowed_host: vec!["a.example".into()],
            ..EdgeArgs::default()
        };
        let file = file::Edge {
            max_body_bytes: Some(4096),
            allowed_hosts: vec!["b.example".into()],
            drain_timeout_ms: Some(5),
            ..file::Edge::default()
        };
        let edge = settings(&args, &file).unwrap();
        assert_eq!(edge.max_body_bytes, 2048);
        assert_eq!(edge.allowed_hosts, ["a.example"]);
        assert_eq!(edge.drain_timeout, Duration::from_millis(5));
    }

    #[test]
    fn silence_between_two_signs_of_life_is_no_reason_to_refuse() {
        let of = |seconds| {
            let args = EdgeArgs {
                max_revocation_age_s: Some(seconds),
                ..EdgeArgs::default()
            };
            settings(&args, &file::Edge::default()).map(|edge| edge.max_revocation_age)
        };
        assert_eq!(of(10).unwrap(), Duration::from_secs(10));
        for less in [0, 1, 9] {
            let failure = of(less).unwrap_err();
            assert!(
                failure.message.contains("edge.max_revocation_age_s"),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn an_error_names_the_setting() {
        let args = EdgeArgs {
            allowed_origin: vec!["app.example".into()],
            ..EdgeArgs::default()
        };
        let failure = settings(&args, &file::Edge::default()).err().unwrap();
        assert!(
            failure.message.contains("edge.allowed_origins"),
            "{failure:?}"
        );
    }
}
