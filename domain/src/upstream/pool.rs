//! What runs of an upstream on one edge.

use super::Problem;
use crate::clock::Timestamp;
use uuid::Uuid;

/// A pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolState {
    pub upstream_id: Uuid,
    /// Of the definition whose workers these are.
    pub upstream_version: u64,
    /// That take calls, are on their way, and are not gone yet.
    pub workers: u32,
    pub starting: u32,
    pub ending: u32,
    /// The bound of all three together.
    pub max_workers: u32,
    /// Calls that have a worker, and how many one worker may have at once.
    pub in_flight: u32,
    pub max_in_flight: u32,
    /// Calls that wait for a worker, and how many may.
    pub queued: u32,
    pub max_queue: u32,
    pub breaker: Breaker,
    /// Why there is no worker.
    pub problem: Option<Problem>,
}

/// Whether workers of an upstream are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    Closed,
    /// The newest starts failed, and no other is tried for now.
    Open,
    /// The next one is the trial.
    HalfOpen,
}

impl Breaker {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A line that a worker wrote to stderr: its start, without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerLine {
    /// Its number on its edge.
    pub worker: u64,
    pub at: Timestamp,
    pub text: String,
}
