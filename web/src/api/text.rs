//! Values of control as JSON has them.

use chrono::SecondsFormat;
use serde::{Deserialize, Deserializer};

/// RFC 3339, in UTC.
pub(crate) fn timestamp(at: Option<prost_types::Timestamp>) -> Option<String> {
    let at = ostia_proto::convert::from_timestamp("at", at?).ok()?;
    Some(at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
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
