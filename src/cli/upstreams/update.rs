//! `ostia upstreams update`.

use super::{
    super::span,
    add::{Isolation, PoolArgs, Protocol, isolation, length, protocol},
    credential::CredentialArgs,
    environment,
};
use crate::failure::Failure;
use ostia_proto::{
    ControlClient,
    v1::{self, upstream_definition::Transport},
};
use std::{path::PathBuf, time::Duration};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its name or id
    upstream: String,
    /// Another program and its arguments, after --
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Another URL
    #[arg(long, conflicts_with = "command", value_name = "URL")]
    url: Option<String>,
    /// Add or replace this header, as `upstreams add` does; repeatable
    #[arg(long, value_name = "NAME")]
    header: Vec<String>,
    /// Add or replace the headers of this file
    #[arg(long, value_name = "FILE")]
    header_file: Option<PathBuf>,
    /// Do not send this header any more; repeatable
    #[arg(long, value_name = "NAME")]
    remove_header: Vec<String>,
    /// Whether the host may lie in a private network or on the edge's machine
    #[arg(long, value_name = "BOOL")]
    allow_private_network: Option<bool>,
    /// Add or replace this variable, as `upstreams add` does; repeatable
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,
    /// Add or replace the variables of this file
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Do not give the worker this variable any more; repeatable
    #[arg(long, value_name = "NAME")]
    remove_env: Vec<String>,
    /// Working directory of the worker
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// Who shares a worker or connection
    #[arg(long, value_name = "WHO")]
    isolation: Option<Isolation>,
    /// Which era it speaks
    #[arg(long, value_name = "ERA")]
    protocol: Option<Protocol>,
    /// How long one call may take
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    call_timeout: Option<Duration>,
    /// Whether arguments of calls are kept for auditors
    #[arg(long, value_name = "BOOL")]
    keep_arguments: Option<bool>,
    #[command(flatten)]
    credential: CredentialArgs,
    /// Present nothing but headers any more
    #[arg(long)]
    no_credential: bool,
    #[command(flatten)]
    pool: PoolArgs,
}

/// Changes what the flags name. What is secret stays as it is unless it is among them.
pub(super) async fn run(args: Args, control: &ControlClient) -> Result<v1::Upstream, Failure> {
    let mut client = control.upstreams();
    let upstream = args.upstream.clone();
    let request = v1::GetUpstreamRequest {
        upstream: upstream.clone(),
    };
    let found = client.get_upstream(request).await?.into_inner();
    let mut definition = found.definition.unwrap_or_default();
    args.apply(&mut definition)?;
    let request = v1::UpdateUpstreamRequest {
        upstream,
        definition: Some(definition),
        version: Some(found.version),
    };
    Ok(client.update_upstream(request).await?.into_inner())
}

impl Args {
    fn apply(self, definition: &mut v1::UpstreamDefinition) -> Result<(), Failure> {
        if let Some(of) = self.isolation {
            definition.set_isolation(isolation(Some(of)));
        }
        if let Some(era) = self.protocol {
            definition.set_protocol(protocol(Some(era)));
        }
        if let Some(limit) = self.call_timeout {
            definition.call_timeout = Some(length(limit));
        }
        if let Some(keep) = self.keep_arguments {
            definition.keep_arguments = keep;
        }
        let pool = definition.pool.take().unwrap_or_default();
        definition.pool = Some(self.pool.over(pool));
        match &mut definition.transport {
            Some(Transport::Stdio(command)) => self.apply_to_command(command),
            Some(Transport::Http(endpoint) | Transport::Sse(endpoint)) => {
                self.apply_to_endpoint(endpoint)
            }
            // Control keeps no such upstream.
            None => Ok(()),
        }
    }

    fn apply_to_command(self, command: &mut v1::StdioCommand) -> Result<(), Failure> {
        let headers =
            !self.header.is_empty() || self.header_file.is_some() || !self.remove_header.is_empty();
        let of_a_url = headers
            || self.url.is_some()
            || self.allow_private_network.is_some()
            || self.credential.is_given()
            || self.no_credential;
        if of_a_url {
            return Err(Failure::usage(
                "the upstream is a command: it has no URL, headers or credential, but --env",
            ));
        }
        let mut words = self.command.into_iter();
        if let Some(program) = words.next() {
            command.program = program;
            command.args = words.collect();
        }
        command.cwd = self.cwd.or(command.cwd.take());
        command
            .env
            .extend(environment::collect(self.env_file.as_deref(), &self.env)?);
        command
            .env
            .retain(|name, _| !self.remove_env.contains(name));
        Ok(())
    }

    fn apply_to_endpoint(self, endpoint: &mut v1::HttpEndpoint) -> Result<(), Failure> {
        let variables =
            !self.env.is_empty() || self.env_file.is_some() || !self.remove_env.is_empty();
        if variables || !self.command.is_empty() || self.cwd.is_some() {
            return Err(Failure::usage(
                "the upstream is a URL: it has no command, directory or environment, but --header",
            ));
        }
        if let Some(url) = self.url {
            endpoint.url = url;
        }
        if let Some(allowed) = self.allow_private_network {
            endpoint.allow_private_network = allowed;
        }
        let headers = environment::headers(self.header_file.as_deref(), &self.header)?;
        endpoint.headers.extend(headers);
        endpoint.headers.retain(|name, _| {
            let is_this = |removed: &String| removed.eq_ignore_ascii_case(name);
            !self.remove_header.iter().any(is_this)
        });
        let now = endpoint.credential.take().filter(|_| !self.no_credential);
        endpoint.credential = self.credential.apply(now)?;
        Ok(())
    }
}
