//! The edge of this process.

use super::{itself::Itself, seed::DEMO};
use crate::{
    config::{RunSettings, Secrets},
    data_dir::DataDir,
    failure::Failure,
};
use ostia_edge::Edge;
use ostia_proto::{ControlClient, v1};
use std::{env, net::SocketAddr, time::Duration};
use tokio::time::{sleep, timeout};

/// How long a start waits for the edge before it says so and goes on.
const READY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

pub(crate) fn config(
    settings: &RunSettings,
    data: &DataDir,
    secrets: &mut Secrets,
    itself: &Itself,
    bound: Option<SocketAddr>,
) -> Result<ostia_edge::config::Config, Failure> {
    let edge = &settings.edge;
    let own_program = env::current_exe()
        .map_err(|error| Failure::new("cannot find this program's own file").because(&error))?;
    Ok(ostia_edge::config::Config {
        name: edge.name.clone(),
        advertise_url: edge.advertise_url.clone(),
        allowed_hosts: allowed_hosts(settings, bound),
        allowed_origins: edge.allowed_origins.clone(),
        trusted_proxies: edge.trusted_proxies.clone(),
        exposed_names: edge.exposed_names,
        max_body_bytes: edge.max_body_bytes,
        session_keys: secrets.session_keys()?,
        own_program,
        max_revocation_age: edge.max_revocation_age,
        state_dir: data.path().to_owned(),
        spool_dir: data.spool(),
        drain_timeout: edge.drain_timeout,
        process: itself.with(settings, secrets),
    })
}

/// The hosts a request may name, beside loopback: where the edge listens, its public address, and
/// those that the operator adds.
fn allowed_hosts(settings: &RunSettings, bound: Option<SocketAddr>) -> Vec<String> {
    let mut hosts = Vec::new();
    if let Some(bound) = bound {
        if bound.ip().is_unspecified() && settings.edge.allowed_hosts.is_empty() {
            tracing::warn!(
                "the edge listens on every interface but only answers requests to loopback names; \
                 name others with --allowed-host"
            );
        }
        hosts.push(host_of(&bound.to_string()).to_owned());
    }
    if let Some((_, rest)) = settings
        .mcp_url
        .as_deref()
        .and_then(|url| url.split_once("://"))
    {
        hosts.push(host_of(rest.split('/').next().unwrap_or(rest)).to_owned());
    }
    hosts.extend(settings.edge.allowed_hosts.iter().cloned());
    hosts
}

/// `host` of `host[:port]`; an IPv6 address keeps its brackets.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Waits until the edge can serve, and where there is the demo until its tools are known, so that what
/// is printed next works when it is pasted at once.
pub(crate) async fn wait_until_ready(edge: Option<&Edge>, client: &ControlClient) {
    let Some(edge) = edge else { return };
    let ready = async {
        while !edge.ready() {
            sleep(POLL).await;
        }
    };
    if timeout(READY, ready).await.is_err() {
        tracing::warn!("the edge is not ready yet: it has nothing from control so far");
        return;
    }
    if timeout(READY, demo_tools(edge, client)).await.is_err() {
        tracing::warn!("the demo upstream has not shown its tools yet: see `ostia doctor`");
    }
}

async fn demo_tools(edge: &Edge, client: &ControlClient) {
    while !edge.offers(DEMO) {
        let request = v1::GetUpstreamRequest {
            upstream: DEMO.to_owned(),
        };
        let waiting = match client.upstreams().get_upstream(request).await {
            Ok(answer) => answer.get_ref().enabled && answer.get_ref().problem.is_none(),
            // Without the upstream there is nothing to wait for.
            Err(_) => false,
        };
        if !waiting {
            return;
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_host_loses_its_port_and_nothing_else() {
        assert_eq!(host_of("example.com:8080"), "example.com");
        assert_eq!(host_of("example.com"), "example.com");
        assert_eq!(host_of("[::1]:8080"), "[::1]");
    }
}
