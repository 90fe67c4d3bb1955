//! Between `v1` and `ostia_domain`. One file per resource, as everywhere.

mod audit;
mod bundles;
mod catalogues;
mod credentials;
mod identity;
mod keys;
mod plans;
mod policies;
mod pools;
mod settings;
mod sync;
mod transports;
mod upstreams;

pub use plans::period;
pub use sync::LeftOut;

use chrono::{DateTime, Utc};
use ostia_domain::clock::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// A message that is not what its documentation says.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {problem}")]
pub struct FieldError {
    pub field: &'static str,
    pub problem: String,
}

impl FieldError {
    pub fn new(field: &'static str, problem: impl std::fmt::Display) -> Self {
        Self {
            field,
            problem: problem.to_string(),
        }
    }

    pub fn missing(field: &'static str) -> Self {
        Self::new(field, "is required")
    }
}

pub fn uuid(field: &'static str, text: &str) -> Result<Uuid, FieldError> {
    Uuid::try_parse(text).map_err(|_| FieldError::new(field, format!("{text:?} is not a UUID")))
}

fn uuid_bytes(field: &'static str, bytes: &[u8]) -> Result<Uuid, FieldError> {
    Uuid::from_slice(bytes).map_err(|_| FieldError::new(field, "is not 16 bytes"))
}

pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

pub fn from_timestamp(
    field: &'static str,
    at: prost_types::Timestamp,
) -> Result<Timestamp, FieldError> {
    u32::try_from(at.nanos)
        .ok()
        .and_then(|nanos| DateTime::<Utc>::from_timestamp(at.seconds, nanos))
        .ok_or_else(|| FieldError::new(field, "is outside the calendar"))
}

/// A time that may be left out.
pub fn from_optional_timestamp(
    field: &'static str,
    at: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, FieldError> {
    at.map(|at| from_timestamp(field, at)).transpose()
}

fn all<A, B: From<A>>(from: Vec<A>) -> Vec<B> {
    from.into_iter().map(Into::into).collect()
}

fn duration(length: Duration) -> prost_types::Duration {
    // Only fails beyond 292 billion years.
    prost_types::Duration::try_from(length).unwrap_or_default()
}

pub fn from_duration(
    field: &'static str,
    length: prost_types::Duration,
) -> Result<Duration, FieldError> {
    Duration::try_from(length).map_err(|_| FieldError::new(field, "must not be negative"))
}
