//! How much Ostia costs per call: `cargo bench --workspace --bench load -- [options]`, see `--help`.
//!
//! One run drives the same very cheap stdio server twice: directly over its pipes, and through
//! `ostia run` over HTTP. The server is this program itself (`--echo-upstream`), so that what is
//! measured is the way and not the tool.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is the product of this program"
)]

mod direct;
mod echo;
mod gateway;
mod http;
mod latency;
mod options;
mod processes;
mod report;

use latency::Measured;
use options::{Era, Mode, Options};
use processes::Usage;
use std::{error::Error, process::ExitCode};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = match options::read() {
        Ok(Mode::EchoUpstream) => echo::serve().map_err(Failure::from),
        Ok(Mode::Help(text)) => {
            println!("{text}");
            Ok(())
        }
        Ok(Mode::Measure(options)) => measure(&options),
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("load: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// One thread for the load: a generator that takes the machine away from the gateway measures itself.
fn measure(options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let gateway = runtime.block_on(gateway::Gateway::start(options))?;
    report::head(options);
    for &concurrency in &options.concurrency {
        let direct = direct::run(options, concurrency)?;
        report::row(concurrency, "direct", &direct, None);
        for era in [Era::Legacy, Era::Modern] {
            let through = runtime.block_on(through(options, &gateway, era, concurrency))?;
            report::row(concurrency, era.as_str(), &through, Some(&direct));
        }
    }
    Ok(())
}

async fn through(
    options: &Options,
    gateway: &gateway::Gateway,
    era: Era,
    concurrency: usize,
) -> Result<Measured, Failure> {
    let request = gateway.request(era, options.payload).await?;
    let run = |duration| http::run(gateway.address(), &request, concurrency, duration);
    run(options.warm_up).await?;
    gateway.idle().await?;
    let before = Usage::of(gateway.pid());
    let (latencies, elapsed) = run(options.duration).await?;
    // Records are written behind the calls: what they cost belongs to the calls.
    gateway.idle().await?;
    let usage = Usage::of(gateway.pid()).since(before);
    Ok(Measured::new(latencies, elapsed, usage))
}
