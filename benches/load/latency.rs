//! What one row of the report is made of.

use crate::processes::Usage;
use std::time::Duration;

/// The outcome of a run of calls.
pub(crate) struct Measured {
    /// How long each call took, sorted.
    latencies: Vec<Duration>,
    elapsed: Duration,
    /// What the processes behind it used meanwhile.
    pub(crate) usage: Usage,
}

impl Measured {
    pub(crate) fn new(mut latencies: Vec<Duration>, elapsed: Duration, usage: Usage) -> Self {
        latencies.sort_unstable();
        Self {
            latencies,
            elapsed,
            usage,
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.latencies.len()
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of calls are far below 2^52"
    )]
    pub(crate) fn per_second(&self) -> f64 {
        self.calls() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that so many of a thousand calls do not exceed.
    pub(crate) fn per_mille(&self, rank: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get(last * rank / 1000)
            .copied()
            .unwrap_or_default()
    }

    /// A share of processor time, per call.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of calls are far below 2^52"
    )]
    pub(crate) fn per_call(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1e6 / (self.calls().max(1) as f64)
    }
}
