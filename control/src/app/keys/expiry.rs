//! When a key ends.

use crate::{
    error::{Error, Result},
    store::keys::StoredKey,
};
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
    /// Of a new key. `longest` is the most that is allowed here; unset is whatever anybody wants.
    pub(super) fn of_new(
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

    /// Of a key that there is. What is allowed counts from when it was made, or else whoever asks again and again has
    /// a key for ever. An end from before anything was the most, or none, stays until it is changed, and no change
    /// makes it later: a key without one gets what a new key could have, so that it can be given one at all.
    pub(super) fn of_old(
        self,
        now: Timestamp,
        longest: Option<Duration>,
        key: &StoredKey,
    ) -> Result<Option<Timestamp>> {
        let (Some(longest), Some(has)) = (longest, key.expires_at) else {
            return self.of_new(now, longest);
        };
        let end = match self {
            Self::Never => return self.of_new(now, Some(longest)),
            Self::Default | Self::InSeconds(_) => self.of_new(now, None)?,
        };
        let longest = TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX);
        let latest = key.created_at.checked_add_signed(longest);
        let latest = latest.unwrap_or(Timestamp::MAX_UTC).max(has);
        if end.is_none_or(|end| end > latest) {
            let (latest, seconds) = (
                latest.format("%Y-%m-%d %H:%M:%S UTC"),
                longest.num_seconds(),
            );
            let problem = format!(
                "is later than {latest}: keys may live {seconds} s here, from when they were made. Make a new key"
            );
            return Err(Error::invalid("expires_in_seconds", problem));
        }
        Ok(end)
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
