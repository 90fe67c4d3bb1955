//! When a key ends.

use crate::error::{Error, Result};
use chrono::TimeDelta;
use ostia_domain::clock::Timestamp;

const DEFAULT_SECONDS: u64 = 90 * 86_400;
/// Whoever wants more than a century means never.
const MAX_SECONDS: u64 = 100 * 365 * 86_400;

pub(crate) enum Expiry {
    Never,
    Default,
    InSeconds(u64),
}

impl Expiry {
    pub(super) fn from(self, now: Timestamp) -> Result<Option<Timestamp>> {
        let asked = match self {
            Self::Never => return Ok(None),
            Self::Default => DEFAULT_SECONDS,
            Self::InSeconds(0) => {
                return Err(Error::invalid("expires_in_seconds", "must be at least 1"));
            }
            Self::InSeconds(n) => n,
        };
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
