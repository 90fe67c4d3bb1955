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
use std::fmt;

/// One after the other, so that a machine that does something else meanwhile does it to both.
const TURNS: usize = 15;

/// Of a team, and as many as a large organisation has: far from what the machine can do.
const PACED: [Load; 2] = [Load::PerSecond(200), Load::PerSecond(2_000)];
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
    println!("| calls | records are | calls/s | p50 µs | p99 µs | from | to | CPU µs/call |");
    println!("|--:|---|--:|--:|--:|--:|--:|--:|");
    let loads = options.concurrency.iter().copied().map(Load::AtOnce);
    for load in loads.chain(PACED) {
        let (mut written, mut forgotten) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            forgotten.push(turn(options, &forgetting, load).await?);
            written.push(turn(options, &recording, load).await?);
        }
        let without = Usual::of(&forgotten);
        let with = Usual::of(&written);
        println!("| {load} | forgotten | {without} |");
        println!("| {load} | written | {with} |");
        println!(
            "| {load} | **with / without** | {} |",
            Ratios::of(&written, &forgotten)
        );
    }
    Ok(())
}

/// What a usual turn had: the median of each figure, and the least and the largest p99 of all turns.
struct Usual {
    per_second: f64,
    p50: f64,
    p99: f64,
    extremes: (f64, f64),
    cpu: f64,
}

impl Usual {
    fn of(turns: &[Measured]) -> Self {
        let sorted = |figure: fn(&Measured) -> f64| {
            let mut figures: Vec<_> = turns.iter().map(figure).collect();
            figures.sort_unstable_by(f64::total_cmp);
            figures
        };
        let median = |figure| sorted(figure)[turns.len() / 2];
        let p99 = |turn: &Measured| us(turn.per_mille(990));
        let all = sorted(p99);
        Self {
            per_second: median(Measured::per_second),
            p50: median(|turn| us(turn.per_mille(500))),
            p99: median(p99),
            extremes: (all[0], all[turns.len() - 1]),
            cpu: median(|turn| turn.per_call(turn.usage.own_cpu)),
        }
    }
}

impl fmt::Display for Usual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.extremes;
        write!(
            f,
            "{:.0} | {:.1} | {:.1} | {least:.1} | {most:.1} | {:.1}",
            self.per_second, self.p50, self.p99, self.cpu
        )
    }
}

/// Of turns that came one after the other: what the machine does besides changes slowly, and is in both. The medians of
/// all pairs, and the quartiles of those of p99.
struct Ratios {
    per_second: f64,
    p50: f64,
    p99: [f64; 3],
    cpu: f64,
}

impl Ratios {
    fn of(with: &[Measured], without: &[Measured]) -> Self {
        let quartiles = |figure: &dyn Fn(&Measured) -> f64| {
            let pairs = with.iter().zip(without);
            let mut ratios: Vec<_> = pairs.map(|(a, b)| figure(a) / figure(b)).collect();
            ratios.sort_unstable_by(f64::total_cmp);
            [1, 2, 3].map(|quarter| ratios[(ratios.len() - 1) * quarter / 4])
        };
        Self {
            per_second: quartiles(&Measured::per_second)[1],
            p50: quartiles(&|turn| us(turn.per_mille(500)))[1],
            p99: quartiles(&|turn| us(turn.per_mille(990))),
            cpu: quartiles(&|turn| turn.per_call(turn.usage.own_cpu))[1],
        }
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            per_second,
            p50,
            p99: [least, p99, most],
            cpu,
        } = self;
        write!(
            f,
            "{per_second:.2} | {p50:.2} | {p99:.2} | {least:.2} | {most:.2} | {cpu:.2}"
        )
    }
}

async fn turn(options: &Options, gateway: &Gateway, load: Load) -> Result<Measured, Failure> {
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
    Ok(Measured::new(latencies, elapsed, usage))
}
