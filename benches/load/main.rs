//! How much Ostia costs per call: `cargo bench --workspace --bench load -- [options]`, see `--help`.
//!
//! One run drives the same very cheap server directly and through `ostia run`, over stdio and over HTTP.
//! The server is this program itself (`--echo-upstream`, `--echo-http-upstream`), so that what is measured
//! is the way and not the tool.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is the product of this program"
)]

mod direct;
mod echo;
mod echo_http;
mod filled;
mod forgetful;
mod gateway;
mod http;
mod idle;
mod keys;
mod latency;
mod options;
mod pages;
mod processes;
mod recording;
mod report;
mod size;
mod upstreams;

use latency::Measured;
use options::{Era, Mode, Options, Transport};
use processes::Usage;
use std::{error::Error, process::ExitCode};

type Failure = Box<dyn Error + Send + Sync>;

/// As the product has it: some of its parts run in here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match options::read() {
        Ok(Mode::EchoUpstream { tools }) => echo::serve(tools).map_err(Failure::from),
        Ok(Mode::EchoHttpUpstream) => echo_http::serve(),
        Ok(Mode::Forgetful {
            folder,
            database_url,
            forgets,
        }) => forgetful::serve(&folder, &database_url, forgets),
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
    if let Some(sessions) = options.idle_streams {
        return runtime.block_on(idle::measure(options, sessions));
    }
    if options.recording {
        return runtime.block_on(recording::measure(options));
    }
    let server = echo_http::Server::start()?;
    let gateway = runtime.block_on(gateway::Gateway::start(options, server.address))?;
    if let Some(count) = options.keys {
        return runtime.block_on(keys::authentications(&gateway, count));
    }
    if let Some(times) = options.revocations {
        return runtime.block_on(keys::revocations(&gateway, times));
    }
    if let Some(changes) = options.changes {
        return runtime.block_on(size::measure(options, &gateway, changes));
    }
    if let Some(only) = &options.pages {
        return runtime.block_on(pages::measure(options, &gateway, only));
    }
    report::head(options);
    for &concurrency in &options.concurrency {
        for transport in [Transport::Stdio, Transport::Http] {
            let direct = match transport {
                Transport::Stdio => direct::run(options, concurrency)?,
                Transport::Http => runtime.block_on(direct_http(options, &server, concurrency))?,
            };
            let way = transport.as_str();
            report::row(concurrency, &format!("direct, {way}"), &direct, None);
            for era in [Era::Legacy, Era::Modern] {
                let through = through(options, &gateway, (era, transport), concurrency);
                let through = runtime.block_on(through)?;
                let way = format!("{}, {way}", era.as_str());
                report::row(concurrency, &way, &through, Some(&direct));
            }
        }
    }
    Ok(())
}

/// The server over HTTP with nothing between.
async fn direct_http(
    options: &Options,
    server: &echo_http::Server,
    concurrency: usize,
) -> Result<Measured, Failure> {
    let request = gateway::direct_request(server.address, options.payload);
    let run = |duration| http::run(server.address, &request, concurrency, duration);
    run(options.warm_up).await?;
    let before = Usage::of(server.pid());
    let (latencies, elapsed) = run(options.duration).await?;
    let usage = Usage::of(server.pid()).since(before);
    Ok(Measured::new(latencies, elapsed, usage))
}

async fn through(
    options: &Options,
    gateway: &gateway::Gateway,
    (era, transport): (Era, Transport),
    concurrency: usize,
) -> Result<Measured, Failure> {
    let request = gateway.request(era, transport, options.payload).await?;
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
