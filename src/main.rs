//! Ostia: one door between agents and every MCP server an organisation runs.
//!
//! This is the only binary. `run` starts roles, the nouns are an operator's command line, and two
//! hidden subcommands are what an edge starts as children: the guard of its workers, and the demo
//! upstream.

mod args;
mod cli;
mod config;
mod data_dir;
mod demo;
mod failure;
mod lifecycle;
mod output;
mod printable;
mod run;
mod stdio;
mod telemetry;

use args::{Args, Command};
use clap::{CommandFactory as _, FromArgMatches as _};
use failure::Failure;
use output::Output;
use std::process::ExitCode;

/// A call allocates some dozens of times, on whichever thread it happens to be: half of what it cost
/// under the C library's allocator went into that (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Whatever makes a TLS connection later finds its provider here; a second one cannot be there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args = parsed();
    match args.command {
        // Without a runtime: the guard must stay small and start at once.
        Command::WorkerGuard => ostia_edge::pool::guard::main(),
        Command::DemoUpstream => demo::main(),
        Command::Completions { shell } => {
            let output = Output::new(args.global.json);
            ended(completions(shell), output)
        }
        command => {
            let output = Output::new(args.global.json);
            ended(work(&args.global, command, output), output)
        }
    }
}

/// The command line, with what it does not say by itself: where each value comes from.
fn parsed() -> Args {
    let mut command = Args::command();
    let matches = command.get_matches_mut();
    let mut args =
        Args::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit());
    args.global.given = config::Given::of(&command, &matches);
    args
}

fn ended(outcome: Result<(), Failure>, output: Output) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "ostia", &mut script);
    // Whoever wants its first lines only has nothing to stop.
    output::pour(&String::from_utf8_lossy(&script)).map(drop)
}

fn work(global: &args::Global, command: Command, output: Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("cannot start the runtime").because(&error))?;
    runtime.block_on(async {
        match command {
            Command::Run(args) => {
                let settings = config::run_settings(global, &args)?;
                Box::pin(run::run(settings, output)).await
            }
            Command::Stdio(args) => Box::pin(stdio::run(global, args, output)).await,
            command => Box::pin(cli::execute(global, command, output)).await,
        }
    })
}
