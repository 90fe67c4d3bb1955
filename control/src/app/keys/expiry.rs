//! When a key ends.

use crate::error::{Error, Result};
use chrono::TimeDelta;
use ostia_domain::clock::Timestamp;
use std::time::Duration;

const DEFAULT_SECONDS: u64 = 90 * 86_400;
/// Whoever wants more than a century means never.
const MAX_SECONDS: u64 = 100 * 365 * 86_400;

pub(crate) enum Expiry {
    Never,
    Default,
    InSeconds(u64),
}

impl Expiry {
    /// `longest` is the most that is allowed here; unset is whatever anybody wants.
    pub(super) fn from(
        self,
        now: Timestamp,
        longest: Option<Duration>,
    ) -> Result<Option<Timestamp>> {
        let longest = longest.map(|longest| longest.as_secs());
        let asked = match self {
            Self::Never if longest.is_some() => {
                let problem = "is not allowed here: every key must have an end";
                return Err(Error::invalid("never_expires", problem));
            }
            Self::Never => return Ok(None),
            Self::Default => DEFAULT_SECONDS.min(longest.unwrap_or(u64::MAX)),
            Self::InSeconds(0) => {
                return Err(Error::invalid("expires_in_seconds", "must be at least 1"));
            }
            Self::InSeconds(n) => n,
        };
        if let Some(longest) = longest.filter(|longest| asked > *longest) {
            let problem = format!("is more than the {longest} s that are allowed here");
            return Err(Error::invalid("expires_in_seconds", problem));
        }
        Ok(Some(now + seconds("expires_in_seconds", asked)?))
    }
}

pub(super) fn seconds(field: &'static str, asked: u64) -> Result<TimeDelta> {
    if asked > MAX_SECONDS {
        return Err(Error::invalid(field, "is more than a hundred years"));
    }
    i64::try_from(asked)
        .ok()
        .and_then(TimeDelta::try_seconds)
        .ok_or_else(|| Error::invalid(field, "is too long"))
}
