//! Everything in the database, table by table, as both databases can say it.
//!
//! What tables and columns there are is asked of the database itself: a table that a later step adds is
//! in the next backup, whoever thinks of it.

mod dump;
mod load;
mod tables;

pub(crate) use dump::{Dump, Rows};
pub(crate) use load::{bump_revisions, clear, first_with_rows, insert, is_open_elsewhere, lock};
pub(crate) use tables::{Table, tables};

use crate::backup::{Cell, Kind};
use sea_orm::{DbBackend, DbErr, QueryResult, Value};

/// As [`super::CONTROL`], for whoever restores.
pub(super) const RESTORE: &str = "ostia-restore";

/// How a column is kept. The widths of numbers differ only here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Uuid,
    Time,
    Boolean,
    Small,
    Integer,
    Big,
    Json,
    Bytes,
    Text,
}

impl Kept {
    /// By the type that the database declares; `None` is one that no step has used yet.
    fn parse(backend: DbBackend, declared: &str) -> Option<Self> {
        let declared = declared.to_ascii_lowercase();
        let name = declared.split('(').next().unwrap_or_default().trim();
        Some(match name {
            "uuid" | "uuid_text" => Self::Uuid,
            "timestamp with time zone" | "timestamp_with_timezone_text" => Self::Time,
            "boolean" => Self::Boolean,
            "smallint" => Self::Small,
            // SQLite has one width, and one name for it.
            "integer" if backend == DbBackend::Sqlite => Self::Big,
            "integer" => Self::Integer,
            "bigint" => Self::Big,
            "json" | "jsonb" | "json_text" | "jsonb_text" => Self::Json,
            "bytea" | "blob" => Self::Bytes,
            "text" | "varchar" | "character varying" => Self::Text,
            _ => return None,
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Uuid => Kind::Uuid,
            Self::Time => Kind::Time,
            Self::Boolean => Kind::Boolean,
            Self::Small | Self::Integer | Self::Big => Kind::Integer,
            Self::Json => Kind::Json,
            Self::Bytes => Kind::Bytes,
            Self::Text => Kind::Text,
        }
    }

    fn read(self, row: &QueryResult, column: &str) -> Result<Cell, DbErr> {
        let cell = match self {
            Self::Uuid => row.try_get::<Option<_>>("", column)?.map(Cell::Uuid),
            Self::Time => row.try_get::<Option<_>>("", column)?.map(Cell::Time),
            Self::Boolean => row.try_get::<Option<_>>("", column)?.map(Cell::Boolean),
            Self::Small => row
                .try_get::<Option<i16>>("", column)?
                .map(|value| Cell::Integer(value.into())),
            Self::Integer => row
                .try_get::<Option<i32>>("", column)?
                .map(|value| Cell::Integer(value.into())),
            Self::Big => row.try_get::<Option<_>>("", column)?.map(Cell::Integer),
            Self::Json => row.try_get::<Option<_>>("", column)?.map(Cell::Json),
            Self::Bytes => row.try_get::<Option<_>>("", column)?.map(Cell::Bytes),
            Self::Text => row.try_get::<Option<_>>("", column)?.map(Cell::Text),
        };
        Ok(cell.unwrap_or(Cell::Null))
    }

    /// As a parameter; `None` is a value that this column cannot hold.
    fn value(self, cell: Cell) -> Option<Value> {
        Some(match (self, cell) {
            (Self::Uuid, Cell::Null) => None::<uuid::Uuid>.into(),
            (Self::Time, Cell::Null) => None::<ostia_domain::clock::Timestamp>.into(),
            (Self::Boolean, Cell::Null) => None::<bool>.into(),
            (Self::Small, Cell::Null) => None::<i16>.into(),
            (Self::Integer, Cell::Null) => None::<i32>.into(),
            (Self::Big, Cell::Null) => None::<i64>.into(),
            (Self::Json, Cell::Null) => None::<serde_json::Value>.into(),
            (Self::Bytes, Cell::Null) => None::<Vec<u8>>.into(),
            (Self::Text, Cell::Null) => None::<String>.into(),
            (Self::Uuid, Cell::Uuid(id)) => id.into(),
            (Self::Time, Cell::Time(at)) => at.into(),
            (Self::Boolean, Cell::Boolean(value)) => value.into(),
            (Self::Small, Cell::Integer(value)) => i16::try_from(value).ok()?.into(),
            (Self::Integer, Cell::Integer(value)) => i32::try_from(value).ok()?.into(),
            (Self::Big, Cell::Integer(value)) => value.into(),
            (Self::Json, Cell::Json(value)) => value.into(),
            (Self::Bytes, Cell::Bytes(bytes)) => bytes.into(),
            (Self::Text, Cell::Text(text)) => text.into(),
            _ => return None,
        })
    }
}
