//! How a caller stands with limits, in the words of the edge: REST says what an MCP client is told.

use http::{HeaderMap, HeaderName};
use serde_json::Value;
use std::time::Duration;

/// Headers of the edge that are about the caller's limits. `Retry-After` follows from the wait.
const TOLD: [HeaderName; 4] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("ostia-quota-remaining"),
];

#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) headers: HeaderMap,
    /// What the limit allows that was reached.
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) retry_after: Option<Duration>,
}

impl Standing {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let told = TOLD.into_iter().filter_map(|name| {
            let value = headers.get(&name)?.clone();
            Some((name, value))
        });
        Self {
            headers: told.collect(),
            ..Self::default()
        }
    }

    /// With what a refusal says in its `data`.
    pub(super) fn refused(self, data: &Value) -> Self {
        let wait = data["retryAfterMs"].as_u64();
        Self {
            limit: data["limit"].as_u64(),
            remaining: data["remaining"].as_u64(),
            retry_after: wait.map(Duration::from_millis),
            ..self
        }
    }
}
