//! One value of a row.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use ostia_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What a column holds, whatever its database calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Uuid,
    Time,
    Boolean,
    Integer,
    Json,
    Bytes,
    Text,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Uuid(Uuid),
    Time(Timestamp),
    Boolean(bool),
    Integer(i64),
    /// JSON within JSON is a text, so that its null is not the one of the database.
    Json(Value),
    /// In base64.
    Bytes(Vec<u8>),
    Text(String),
}

impl Cell {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Uuid(id) => id.to_string().into(),
            Self::Time(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Json(value) => value.to_string().into(),
            Self::Bytes(bytes) => STANDARD.encode(bytes).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }

    /// `None`: it is not of this kind.
    pub(super) fn from_json(kind: Kind, value: Value) -> Option<Self> {
        Some(match (kind, value) {
            (_, Value::Null) => Self::Null,
            (Kind::Uuid, Value::String(text)) => Self::Uuid(Uuid::try_parse(&text).ok()?),
            (Kind::Time, Value::String(text)) => {
                let at = DateTime::parse_from_rfc3339(&text).ok()?;
                Self::Time(at.with_timezone(&Utc))
            }
            (Kind::Boolean, Value::Bool(value)) => Self::Boolean(value),
            (Kind::Integer, Value::Number(value)) => Self::Integer(value.as_i64()?),
            (Kind::Json, Value::String(text)) => Self::Json(serde_json::from_str(&text).ok()?),
            (Kind::Bytes, Value::String(text)) => Self::Bytes(STANDARD.decode(text).ok()?),
            (Kind::Text, Value::String(text)) => Self::Text(text),
            _ => return None,
        })
    }
}
