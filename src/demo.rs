//! The demo upstream: a stdio MCP server in this binary, so that a first try needs nothing else
//! installed. It speaks both eras and runs calls side by side.
//!
//! One line is one message. Requests run as tasks; everything that is answered goes through one
//! channel to one writer, so that lines never mix.

mod answer;
mod arguments;
mod calls;
mod era;
mod serve;
mod slow;
mod tools;

use ostia_proto::v1::{self, upstream_definition::Transport};
use std::process::ExitCode;

/// The demo as an upstream of this name. An edge runs its own program for it, wherever that lies.
pub(crate) fn definition(name: String) -> v1::UpstreamDefinition {
    let command = v1::StdioCommand {
        program: "ostia".to_owned(),
        args: vec!["demo-upstream".to_owned()],
        ..v1::StdioCommand::default()
    };
    v1::UpstreamDefinition {
        name,
        transport: Some(Transport::Stdio(command)),
        demo: true,
        ..v1::UpstreamDefinition::default()
    }
}

/// The body of the hidden subcommand `demo-upstream`: serves until stdin ends.
pub(crate) fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            runtime.block_on(serve::serve(tokio::io::stdin(), tokio::io::stdout()));
            // A read of stdin that still blocks a thread must not hold up the end.
            runtime.shutdown_background();
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
