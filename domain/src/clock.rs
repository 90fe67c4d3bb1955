//! The only place that reads a clock.

use chrono::{DateTime, SubsecRound, Utc};

pub type Timestamp = DateTime<Utc>;

/// The current time, cut to microseconds: `PostgreSQL` keeps no more, and a value must read back as
/// it was written on either database.
#[allow(clippy::disallowed_methods, reason = "this is the replacement")]
pub fn now() -> Timestamp {
    Utc::now().trunc_subsecs(6)
}

/// A monotonic reading, for durations and deadlines.
#[allow(clippy::disallowed_methods, reason = "this is the replacement")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}
