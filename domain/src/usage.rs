//! What is counted: one record per call, refused or not.

use serde::{Deserialize, Serialize};

/// How a call ended, in one word that pages group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok,
    /// The tool ran and said that it failed (`isError`).
    ToolError,
    /// The upstream answered with a JSON-RPC error.
    UpstreamError,
    /// No worker could take the call, or it died while it had it.
    UpstreamUnavailable,
    Busy,
    Timeout,
    Cancelled,
    /// Policy said no, or there is no such tool: callers are not told which, operators are.
    Denied,
    UnknownTool,
    RateLimited,
    Unauthenticated,
    /// The request broke a rule of the protocol or of this endpoint.
    Invalid,
    Internal,
}

impl Outcome {
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::ToolError,
        Self::UpstreamError,
        Self::UpstreamUnavailable,
        Self::Busy,
        Self::Timeout,
        Self::Cancelled,
        Self::Denied,
        Self::UnknownTool,
        Self::RateLimited,
        Self::Unauthenticated,
        Self::Invalid,
        Self::Internal,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ToolError => "tool_error",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
            Self::UnknownTool => "unknown_tool",
            Self::RateLimited => "rate_limited",
            Self::Unauthenticated => "unauthenticated",
            Self::Invalid => "invalid",
            Self::Internal => "internal",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }

    /// Whether the caller did not get what was asked for.
    pub fn is_error(self) -> bool {
        self != Self::Ok
    }

    /// Whether a call that ended so has its price: the tool ran.
    pub fn is_charged(self) -> bool {
        matches!(self, Self::Ok | Self::ToolError)
    }
}

/// How many classes durations are counted in.
pub const DURATION_CLASSES: usize = DURATION_BOUNDS_US.len() + 1;

/// Upper bounds of all classes but the last, in microseconds; a bound belongs to the class below it. The
/// database has a column for each class, so they never change.
pub const DURATION_BOUNDS_US: [u64; 10] = [
    1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000,
];

/// The class of a duration, from 0.
pub fn duration_class(duration_us: u64) -> usize {
    DURATION_BOUNDS_US.partition_point(|bound| *bound < duration_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_class_below_it() {
        let classes = [0, 1_000, 1_001, 30_000_000, 30_000_001, u64::MAX].map(duration_class);
        assert_eq!(classes, [0, 0, 1, 9, 10, 10]);
    }
}
