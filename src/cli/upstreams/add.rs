//! `ostia upstreams add`.

use super::{super::span, credential::CredentialArgs, environment};
use crate::failure::Failure;
use clap::ValueEnum;
use ostia_proto::v1::{self, upstream_definition::Transport};
use std::{path::PathBuf, time::Duration};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 1 to 32 of a-z, 0-9 and '-'
    name: String,
    /// The program and its arguments, after --; never a shell line
    #[arg(last = true, required_unless_present = "url", value_name = "COMMAND")]
    command: Vec<String>,
    /// Where it runs already, instead of a command: https://…
    #[arg(long, conflicts_with = "command", value_name = "URL")]
    url: Option<String>,
    /// It speaks HTTP+SSE, the transport of 2024-11-05
    #[arg(long, requires = "url", conflicts_with = "command")]
    sse: bool,
    /// Send this header, with the value that the environment variable of the same name has here, in
    /// upper case and with _ for -; repeatable. NAME=VALUE also works, but other users of this machine
    /// can read it while the command runs
    #[arg(
        long,
        requires = "url",
        conflicts_with = "command",
        value_name = "NAME"
    )]
    header: Vec<String>,
    /// Send the lines of this file as headers, NAME=VALUE or `NAME: VALUE`
    #[arg(
        long,
        requires = "url",
        conflicts_with = "command",
        value_name = "FILE"
    )]
    header_file: Option<PathBuf>,
    /// The host may lie in a private network or on the edge's machine, and the URL begin with http://
    #[arg(long, requires = "url", conflicts_with = "command")]
    allow_private_network: bool,
    /// Who shares a worker or connection [default: shared]
    #[arg(long, value_name = "WHO")]
    isolation: Option<Isolation>,
    /// Give the worker this variable with the value it has here; repeatable. NAME=VALUE also works,
    /// but other users of this machine can read it while the command runs
    #[arg(long, conflicts_with = "url", value_name = "NAME")]
    env: Vec<String>,
    /// Give the worker the NAME=VALUE lines of this file
    #[arg(long, conflicts_with = "url", value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Working directory of the worker [default: the edge's own]
    #[arg(long, conflicts_with = "url", value_name = "DIR")]
    cwd: Option<String>,
    /// Which era it speaks [default: find out by a probe]
    #[arg(long, value_name = "ERA")]
    protocol: Option<Protocol>,
    /// How long one call may take [default: 300s]
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    call_timeout: Option<Duration>,
    /// Keep the arguments of calls for auditors, without what looks like a secret
    #[arg(long)]
    keep_arguments: bool,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    pool: PoolArgs,
}

/// Bounds of the pool on each edge.
#[derive(clap::Args)]
#[command(next_help_heading = "Pool")]
pub(super) struct PoolArgs {
    /// Workers kept ready when nobody calls [default: 1]
    #[arg(long, value_name = "N")]
    min_idle: Option<u32>,
    /// Workers at most [default: 4]
    #[arg(long, value_name = "N")]
    max_workers: Option<u32>,
    /// Calls one worker has at once [default: 64]
    #[arg(long, value_name = "N")]
    max_in_flight: Option<u32>,
    /// Calls that may wait for a worker [default: 256]
    #[arg(long, value_name = "N")]
    max_queue: Option<u32>,
    /// How long a call may wait [default: 10s]
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    queue_timeout: Option<Duration>,
    /// A worker beyond --min-idle without a call for so long is stopped [default: 300s]
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    idle_timeout: Option<Duration>,
    /// Calls of everybody together in a minute, on each edge [default: no limit]
    #[arg(long, value_name = "N")]
    calls_per_minute: Option<u32>,
    /// The same for each tool [default: no limit]
    #[arg(long, value_name = "N")]
    tool_calls_per_minute: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Protocol {
    Auto,
    Legacy,
    #[value(name = "2026-07-28")]
    Modern,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Isolation {
    /// Any caller: for servers that keep no state of a caller
    Shared,
    /// Callers with the same API key
    Key,
    /// The calls of one MCP session
    Session,
}

impl Args {
    pub(crate) fn definition(self) -> Result<v1::UpstreamDefinition, Failure> {
        Ok(v1::UpstreamDefinition {
            name: self.name.clone(),
            protocol: protocol(self.protocol).into(),
            pool: Some(self.pool.over(v1::PoolLimits::default())),
            call_timeout: self.call_timeout.map(length),
            demo: false,
            keep_arguments: self.keep_arguments,
            isolation: isolation(self.isolation).into(),
            transport: Some(self.transport()?),
        })
    }

    fn transport(self) -> Result<Transport, Failure> {
        if let Some(url) = self.url {
            let headers = environment::headers(self.header_file.as_deref(), &self.header)?;
            let endpoint = v1::HttpEndpoint {
                url,
                headers,
                allow_private_network: self.allow_private_network,
                credential: self.credential.apply(None)?,
            };
            return Ok(if self.sse {
                Transport::Sse(endpoint)
            } else {
                Transport::Http(endpoint)
            });
        }
        if self.credential.is_given() {
            return Err(Failure::usage(
                "a command gets its credentials with --env: --bearer-…, --basic-… and --oauth-… need --url",
            ));
        }
        let mut command = self.command.into_iter();
        let program = command
            .next()
            .ok_or_else(|| Failure::usage("there is no command after --"))?;
        let env = environment::collect(self.env_file.as_deref(), &self.env)?;
        Ok(Transport::Stdio(v1::StdioCommand {
            program,
            args: command.collect(),
            env: env.into_iter().collect(),
            cwd: self.cwd,
        }))
    }
}

impl PoolArgs {
    /// These, and otherwise what there is.
    pub(super) fn over(&self, now: v1::PoolLimits) -> v1::PoolLimits {
        v1::PoolLimits {
            min_idle: self.min_idle.or(now.min_idle),
            max_workers: self.max_workers.or(now.max_workers),
            max_in_flight: self.max_in_flight.or(now.max_in_flight),
            max_queue: self.max_queue.or(now.max_queue),
            queue_timeout: self.queue_timeout.map(length).or(now.queue_timeout),
            idle_timeout: self.idle_timeout.map(length).or(now.idle_timeout),
            calls_per_minute: self.calls_per_minute.or(now.calls_per_minute),
            tool_calls_per_minute: self.tool_calls_per_minute.or(now.tool_calls_per_minute),
        }
    }
}

pub(super) fn isolation(isolation: Option<Isolation>) -> v1::Isolation {
    match isolation {
        None => v1::Isolation::Unspecified,
        Some(Isolation::Shared) => v1::Isolation::Shared,
        Some(Isolation::Key) => v1::Isolation::Key,
        Some(Isolation::Session) => v1::Isolation::Session,
    }
}

pub(super) fn protocol(protocol: Option<Protocol>) -> v1::UpstreamProtocol {
    match protocol {
        None | Some(Protocol::Auto) => v1::UpstreamProtocol::Unspecified,
        Some(Protocol::Legacy) => v1::UpstreamProtocol::Legacy,
        Some(Protocol::Modern) => v1::UpstreamProtocol::UpstreamProtocol20260728,
    }
}

pub(super) fn length(span: Duration) -> prost_types::Duration {
    // Only fails beyond 292 billion years.
    prost_types::Duration::try_from(span).unwrap_or_default()
}
