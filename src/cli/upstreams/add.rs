//! `ostia upstreams add`.

use super::{super::span, environment};
use crate::failure::Failure;
use clap::ValueEnum;
use ostia_proto::v1;
use std::{path::PathBuf, time::Duration};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 1 to 32 of a-z, 0-9 and '-'
    name: String,
    /// The program and its arguments, after --; never a shell line
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Give the worker this variable with the value it has here; repeatable. NAME=VALUE also works,
    /// but other users of this machine can read it while the command runs
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,
    /// Give the worker the NAME=VALUE lines of this file
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Working directory of the worker [default: the edge's own]
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// Which era it speaks [default: find out by a probe]
    #[arg(long, value_name = "ERA")]
    protocol: Option<Protocol>,
    /// How long one call may take [default: 300s]
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    call_timeout: Option<Duration>,
    #[command(flatten)]
    pool: PoolArgs,
}

/// Bounds of the pool on each edge.
#[derive(clap::Args)]
#[command(next_help_heading = "Pool")]
struct PoolArgs {
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
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    Auto,
    Legacy,
    #[value(name = "2026-07-28")]
    Modern,
}

impl Args {
    pub(crate) fn definition(self) -> Result<v1::UpstreamDefinition, Failure> {
        let mut command = self.command.into_iter();
        let program = command
            .next()
            .ok_or_else(|| Failure::usage("there is no command after --"))?;
        let env = environment::collect(self.env_file.as_deref(), &self.env)?;
        Ok(v1::UpstreamDefinition {
            name: self.name,
            stdio: Some(v1::StdioCommand {
                program,
                args: command.collect(),
                env: env.into_iter().collect(),
                cwd: self.cwd,
            }),
            protocol: protocol(self.protocol).into(),
            pool: Some(self.pool.limits()),
            call_timeout: self.call_timeout.map(length),
            demo: false,
        })
    }
}

impl PoolArgs {
    fn limits(&self) -> v1::PoolLimits {
        v1::PoolLimits {
            min_idle: self.min_idle,
            max_workers: self.max_workers,
            max_in_flight: self.max_in_flight,
            max_queue: self.max_queue,
            queue_timeout: self.queue_timeout.map(length),
            idle_timeout: self.idle_timeout.map(length),
        }
    }
}

fn protocol(protocol: Option<Protocol>) -> v1::UpstreamProtocol {
    match protocol {
        None | Some(Protocol::Auto) => v1::UpstreamProtocol::Unspecified,
        Some(Protocol::Legacy) => v1::UpstreamProtocol::Legacy,
        Some(Protocol::Modern) => v1::UpstreamProtocol::UpstreamProtocol20260728,
    }
}

fn length(span: Duration) -> prost_types::Duration {
    // Only fails beyond 292 billion years.
    prost_types::Duration::try_from(span).unwrap_or_default()
}
