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

/// A member that is null is taken away; one that is not there stays as it is.
pub(crate) fn nullable<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Some)
}
