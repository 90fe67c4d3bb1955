//! What recording does to calls: the same calls through two gateways that differ in nothing but whether control
//! writes down what their edges record.

use crate::{
    Failure, echo_http,
    gateway::Gateway,
    http,
    keys::us,
    latency::Measured,
    options::{Era, Options, Transport},
    processes::Usage,
};
use std::{fmt, time::Duration};

/// One after the other, so that a machine that does something else meanwhile does it to both.
const TURNS: usize = 4;

/// As much as a large organisation has, and far from what the machine can do.
const PACED: Load = Load::PerSecond(2_000);
const CONNECTIONS: u32 = 32;

#[derive(Clone, Copy)]
enum Load {
    /// A next call as soon as one has ended.
    AtOnce(usize),
    PerSecond(u32),
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce(calls) => write!(f, "{calls} at once"),
            Self::PerSecond(calls) => write!(f, "{calls} a second"),
        }
    }
}

pub(crate) async fn measure(options: &Options) -> Result<(), Failure> {
    let server = echo_http::Server::start()?;
    let recording = Gateway::start_own(options, server.address, false).await?;
    let forgetting = Gateway::start_own(options, server.address, true).await?;
    println!(
        "payload {} bytes, {TURNS} turns of {:?} each",
        options.payload, options.duration
    );
    println!();
    println!("| calls | records are | calls/s | p50 µs | p99 µs | CPU µs/call |");
    println!("|--:|---|--:|--:|--:|--:|");
    let loads = options.concurrency.iter().copied().map(Load::AtOnce);
    for load in loads.chain([PACED]) {
        let (mut written, mut forgotten) = (Took::default(), Took::default());
        for _ in 0..TURNS {
            forgotten.add(turn(options, &forgetting, load).await?);
            written.add(turn(options, &recording, load).await?);
        }
        let without = forgotten.row(load, "forgotten");
        let with = written.row(load, "written");
        println!(
            "| {load} | **with / without** | {:.2} | {:.2} | {:.2} | {:.2} |",
            with.per_second() / without.per_second(),
            ratio(&with, &without, |of| us(of.per_mille(500))),
            ratio(&with, &without, |of| us(of.per_mille(990))),
            ratio(&with, &without, |of| of.per_call(of.usage.own_cpu)),
        );
    }
    Ok(())
}

fn ratio(with: &Measured, without: &Measured, of: impl Fn(&Measured) -> f64) -> f64 {
    of(with) / of(without)
}

/// All turns of one of them.
#[derive(Default)]
struct Took {
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
}

impl Took {
    fn add(&mut self, (latencies, elapsed, usage): Turn) {
        self.latencies.extend(latencies);
        self.elapsed += elapsed;
        self.cpu += usage.own_cpu;
    }

    fn row(self, load: Load, records: &str) -> Measured {
        let usage = Usage {
            own_cpu: self.cpu,
            ..Usage::default()
        };
        let measured = Measured::new(self.latencies, self.elapsed, usage);
        println!(
            "| {load} | {records} | {:.0} | {:.1} | {:.1} | {:.1} |",
            measured.per_second(),
            us(measured.per_mille(500)),
            us(measured.per_mille(990)),
            measured.per_call(measured.usage.own_cpu),
        );
        measured
    }
}

type Turn = (Vec<Duration>, Duration, Usage);

async fn turn(options: &Options, gateway: &Gateway, load: Load) -> Result<Turn, Failure> {
    let request = gateway.request(Era::Modern, Transport::Stdio, options.payload);
    let request = request.await?;
    let (address, request) = (gateway.address(), &*request);
    let run = async |duration| match load {
        Load::AtOnce(calls) => http::run(address, request, calls, duration).await,
        Load::PerSecond(calls) => {
            http::run_at(address, request, (calls, CONNECTIONS), duration).await
        }
    };
    run(options.warm_up).await?;
    gateway.idle().await?;
    let before = Usage::of(gateway.pid());
    let (latencies, elapsed) = run(options.duration).await?;
    // What is still to be written belongs to these calls, and must not fall into the next turn.
    gateway.idle().await?;
    let usage = Usage::of(gateway.pid()).since(before);
    Ok((latencies, elapsed, usage))
}
