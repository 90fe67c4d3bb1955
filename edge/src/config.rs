//! What an edge is told when it starts. The binary reads it from flags, environment and file; here it
//! is only described and checked.

use ostia_domain::{key::Secret, name::ExposedNames, network::Network, settings::Process};
use std::{env, ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

pub struct Config {
    /// Which edge this is, for control's logs and pages.
    pub name: String,
    /// Where other edges reach this one, as `http://10.0.0.7:8080`, to forward what only it can answer. Unset:
    /// they answer it themselves, as far as they can.
    pub advertise_url: Option<String>,
    /// Host names under which clients reach this edge, without port. Loopback names always are.
    pub allowed_hosts: Vec<String>,
    /// Web origins (`https://app.example`) that may call from a browser. Loopback origins always may.
    pub allowed_origins: Vec<String>,
    /// Proxies in front, whose word about where a request came from is believed.
    pub trusted_proxies: Vec<Network>,
    pub exposed_names: ExposedNames,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// Base64 of 32 bytes each. The first seals session ids, all of them open.
    pub session_keys: Vec<Secret>,
    /// This program, which is also the worker guard and the demo upstream.
    pub own_program: PathBuf,
    /// How long keys that were verified before stay good while control cannot be heard: a revocation might
    /// be waiting there.
    pub max_revocation_age: Duration,
    /// Where it is kept what this edge knew last. Exists.
    pub state_dir: PathBuf,
    /// Where records wait while control is away.
    pub spool_dir: PathBuf,
    /// How long calls may go on after a stop was asked for.
    pub drain_timeout: Duration,
    /// What this process runs with, for people.
    pub process: Arc<Process>,
}

pub const DEFAULT_MAX_BODY_BYTES: usize = 4 << 20;
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

pub const DEFAULT_MAX_REVOCATION_AGE: Duration = Duration::from_secs(60);

/// What every worker gets from the environment of the edge, because no program is found or starts
/// without it. Everything else a worker sees is declared in its upstream.
#[allow(clippy::disallowed_methods, reason = "this is the configuration")]
pub(crate) fn inherited_environment() -> Vec<(&'static str, OsString)> {
    ["PATH", "HOME"]
        .into_iter()
        .filter_map(|name| Some((name, env::var_os(name)?)))
        .collect()
}
