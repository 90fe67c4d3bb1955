//! Values as results show them.

use chrono::{DateTime, SecondsFormat};
use ostia_domain::clock::Timestamp;
use std::fmt::Display;

/// Every time for people; all are in UTC and say so.
pub(crate) const MOMENT: &str = "%Y-%m-%d %H:%M:%SZ";

/// For programs: RFC 3339 in UTC.
pub(crate) fn timestamp(at: Option<prost_types::Timestamp>) -> Option<String> {
    read(at).map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// For people; `otherwise` stands for a time that is not there.
pub(crate) fn moment(at: Option<&String>, otherwise: &str) -> String {
    at.and_then(|at| DateTime::parse_from_rfc3339(at).ok())
        .map_or(otherwise.to_owned(), |at| {
            at.to_utc().format(MOMENT).to_string()
        })
}

pub(crate) fn read(at: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| ostia_proto::convert::from_timestamp("at", at).ok())
}

/// A text that may be absent: the protocol's empty is JSON's null.
pub(crate) fn optional(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// `1 key`, `2 keys`.
pub(crate) fn count<N: Copy + Display + PartialEq + From<u8>>(
    number: N,
    one: &str,
    many: &str,
) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

pub(crate) fn list(items: &[String]) -> String {
    if items.is_empty() {
        "-".to_owned()
    } else {
        items.join(", ")
    }
}

pub(crate) fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:03} ms", microseconds / 1000, microseconds % 1000)
}
