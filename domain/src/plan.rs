//! Plans: how much may be done.

use crate::period::Period;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU32, NonZeroU64};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: Uuid,
    pub name: String,
    pub limits: Limits,
}

/// Each for whoever is counted: one key, or one user with all of their keys. What is unset is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Spread evenly (GCRA), on one edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<NonZeroU32>,
    /// Calls that may come at once before the rate holds; unset is `calls_per_minute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<NonZeroU32>,
    /// Calls in flight at once, on one edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<NonZeroU32>,
    /// Calls in one day of the calendar, in UTC, on all edges together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_day: Option<NonZeroU64>,
    /// The same of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_month: Option<NonZeroU64>,
}

impl Limits {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Calls in one such period, on all edges together.
    pub fn quota(&self, period: Period) -> Option<NonZeroU64> {
        match period {
            Period::Day => self.calls_per_day,
            Period::Month => self.calls_per_month,
        }
    }

    /// What cannot be meant, or unset.
    pub fn problem(&self) -> Option<&'static str> {
        (self.burst.is_some() && self.calls_per_minute.is_none())
            .then_some("burst means nothing without calls_per_minute")
    }
}
