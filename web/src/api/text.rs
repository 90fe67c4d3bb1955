//! Values of control as JSON has them.

use super::problem::Problem;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer};

/// RFC 3339, in UTC.
pub(crate) fn timestamp(at: Option<prost_types::Timestamp>) -> Option<String> {
    let at = ostia_proto::convert::from_timestamp("at", at?).ok()?;
    Some(at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// A moment that a caller wrote.
pub(crate) fn moment(
    field: &str,
    text: Option<String>,
) -> Result<Option<prost_types::Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at = DateTime::parse_from_rfc3339(&text)
        .map_err(|_| Problem::invalid(field, "is no RFC 3339 time, as 2026-01-31T00:00:00Z"))?;
    Ok(Some(ostia_proto::convert::timestamp(
        at.with_timezone(&Utc),
    )))
}

/// Control says "none" with an empty text, JSON with null.
pub(crate) fn optional(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A member of a change.
#[derive(Default)]
pub(crate) enum Change<T> {
    /// It is not there.
    #[default]
    Keep,
    /// It is null.
    Remove,
    Set(T),
}

impl<T> Change<T> {
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// What there is after the change, where this was before.
    pub(crate) fn over(self, now: Option<T>) -> Option<T> {
        match self {
            Self::Keep => now,
            Self::Remove => None,
            Self::Set(value) => Some(value),
        }
    }

    pub(crate) fn map<U>(self, to: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Remove => Change::Remove,
            Self::Set(value) => Change::Set(to(value)),
        }
    }
}

impl Change<String> {
    /// As control takes it: an empty text removes.
    pub(crate) fn for_control(self) -> Option<String> {
        match self {
            Self::Keep => None,
            Self::Remove => Some(String::new()),
            Self::Set(text) => Some(text),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(from)?;
        Ok(value.map_or(Self::Remove, Self::Set))
    }
}
