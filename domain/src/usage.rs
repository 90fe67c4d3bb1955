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
}
