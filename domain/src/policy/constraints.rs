//! Limits of what is allowed.

use crate::glob::Glob;
use serde::{Deserialize, Serialize};
use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

/// Limits of some tools. What is not set is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// Over `<upstream>.<tool>`.
    pub tools: Vec<Glob>,
    /// Calls of one key and one tool, spread evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<NonZeroU32>,
    /// Items of a result's `content`; what is beyond is cut off, and the result says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<NonZeroU32>,
    /// Of a result as JSON; a larger one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_result_bytes: Option<NonZeroU64>,
    /// How long a call may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<NonZeroU64>,
}

/// What holds for one call: the tightest of what all policies of its caller say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    pub calls_per_minute: Option<NonZeroU32>,
    pub max_results: Option<NonZeroU32>,
    pub max_result_bytes: Option<NonZeroU64>,
    pub timeout: Option<Duration>,
}

impl Constraint {
    pub(super) fn is_about(&self, canonical: &str) -> bool {
        self.tools.iter().any(|glob| glob.matches(canonical))
    }

    /// Why it limits nothing, or unset.
    pub fn problem(&self) -> Option<&'static str> {
        if self.tools.is_empty() {
            return Some("names no tool");
        }
        let nothing = Self {
            tools: self.tools.clone(),
            ..Self::default()
        };
        (*self == nothing).then_some("limits nothing")
    }
}

impl Constraints {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn tighten(&mut self, by: &Constraint) {
        fn lower<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            }
        }
        let timeout = by.timeout_ms.map(|ms| Duration::from_millis(ms.get()));
        self.calls_per_minute = lower(self.calls_per_minute, by.calls_per_minute);
        self.max_results = lower(self.max_results, by.max_results);
        self.max_result_bytes = lower(self.max_result_bytes, by.max_result_bytes);
        self.timeout = lower(self.timeout, timeout);
    }
}
