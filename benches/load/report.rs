//! The table, and how Ostia compares with nothing between.

use crate::{latency::Measured, options::Options};
use std::time::Duration;

pub(crate) fn head(options: &Options) {
    println!(
        "payload {} bytes, at most {} worker(s), {:?} per row",
        options.payload, options.workers, options.duration
    );
    println!();
    println!(
        "| calls at once | way | calls/s | p50 µs | p99 µs | Ostia CPU µs/call | upstream CPU µs/call | Ostia RSS MiB | calls/s of direct | added p50 µs |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|");
}

/// One row; `direct` is set where Ostia was on the way.
#[allow(
    clippy::cast_precision_loss,
    reason = "MiB of memory are far below 2^52"
)]
pub(crate) fn row(concurrency: usize, way: &str, measured: &Measured, direct: Option<&Measured>) {
    let (p50, p99) = (measured.per_mille(500), measured.per_mille(990));
    let usage = &measured.usage;
    print!(
        "| {concurrency} | {way} | {:.0} | {:.1} | {:.1} |",
        measured.per_second(),
        us(p50),
        us(p99)
    );
    match direct {
        None => println!(" | {:.1} | | | |", measured.per_call(usage.own_cpu)),
        Some(direct) => println!(
            " {:.1} | {:.1} | {:.1} | {:.1} % | {:.1} |",
            measured.per_call(usage.own_cpu),
            measured.per_call(usage.children_cpu),
            usage.own_rss as f64 / 1024.0,
            100.0 * measured.per_second() / direct.per_second(),
            us(p50) - us(direct.per_mille(500)),
        ),
    }
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
