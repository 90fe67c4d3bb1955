//! The upstreams that are called, and a key that may call them.

use crate::{Failure, options::Transport};
use ostia_domain::clock;
use ostia_proto::{
    ControlClient,
    v1::{self, upstream_definition::Transport as Reached},
};
use std::{net::SocketAddr, time::Duration};

const CATALOGUE: Duration = Duration::from_secs(20);

/// Gives the key.
pub(crate) async fn register(
    control: &ControlClient,
    workers: u32,
    http: SocketAddr,
) -> Result<String, Failure> {
    let program = std::env::current_exe()?
        .to_str()
        .ok_or("a path in UTF-8")?
        .to_owned();
    let stdio = v1::StdioCommand {
        program,
        args: vec!["--echo-upstream".to_owned()],
        ..v1::StdioCommand::default()
    };
    let pool = v1::PoolLimits {
        min_idle: Some(workers),
        max_workers: Some(workers),
        max_queue: Some(10_000),
        ..v1::PoolLimits::default()
    };
    let endpoint = v1::HttpEndpoint {
        url: format!("http://{http}/mcp"),
        allow_private_network: true,
        ..v1::HttpEndpoint::default()
    };
    for (transport, reached) in [
        (Transport::Stdio, Reached::Stdio(stdio)),
        (Transport::Http, Reached::Http(endpoint)),
    ] {
        let definition = v1::UpstreamDefinition {
            name: transport.upstream().to_owned(),
            transport: Some(reached),
            pool: Some(pool),
            ..v1::UpstreamDefinition::default()
        };
        let definition = Some(definition);
        let request = v1::AddUpstreamRequest { definition };
        control.upstreams().add_upstream(request).await?;
    }
    let source = v1::create_policy_request::Source::Preset("everything".to_owned());
    control
        .policies()
        .create_policy(v1::CreatePolicyRequest {
            name: "bench".to_owned(),
            source: Some(source),
        })
        .await?;
    let request = v1::CreateKeyRequest {
        name: "bench".to_owned(),
        policies: vec!["bench".to_owned()],
        ..v1::CreateKeyRequest::default()
    };
    let key = control
        .keys()
        .create_key(request)
        .await?
        .into_inner()
        .secret;
    for transport in [Transport::Stdio, Transport::Http] {
        ready(control, transport.upstream()).await?;
    }
    Ok(key)
}

/// Waits until its tools are known.
pub(crate) async fn ready(control: &ControlClient, name: &str) -> Result<(), Failure> {
    let deadline = clock::instant() + CATALOGUE;
    loop {
        let upstream = name.to_owned();
        let request = v1::GetUpstreamRequest { upstream };
        let found = control.upstreams().get_upstream(request).await?;
        let upstream = found.into_inner();
        if upstream.catalogue.is_some() {
            return Ok(());
        }
        if clock::instant() > deadline {
            return Err(format!("the upstream {name} is not ready: {:?}", upstream.problem).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
