//! What can go wrong with a statement, as far as anybody above can do something about it.

use sea_orm::{
    DbErr, RuntimeErr, SqlErr,
    sqlx::{self, error::DatabaseError},
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something unique is there already.
    #[error("the value is taken")]
    Taken,
    /// A row that is referred to cannot go, or one that is referred to is not there.
    #[error("another object refers to it")]
    Referenced,
    /// A page token that this store did not make.
    #[error("the page token is not one")]
    BadPageToken,
    #[error("the database is not migrated; its newest step is {newest:?}")]
    NotMigrated { newest: Option<String> },
    /// A row that does not say what its documentation says.
    #[error("{0} cannot be read")]
    Unreadable(String),
    /// It may be read meanwhile.
    #[error("the database takes no changes: {0}")]
    ReadOnly(DbErr),
    /// Nothing is wrong with the statement: it may work in a moment.
    #[error("the database is not available: {0}")]
    Unavailable(DbErr),
    #[error("{0}")]
    Failed(DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Taken,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::Referenced,
            _ => {}
        }
        let trouble = match &error {
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => Trouble::of(cause),
            DbErr::ConnectionAcquire(_) => Some(Trouble::Unavailable),
            _ => None,
        };
        match trouble {
            Some(Trouble::ReadOnly) => Self::ReadOnly(error),
            Some(Trouble::Unavailable) => Self::Unavailable(error),
            None => Self::Failed(error),
        }
    }
}

/// What the database has to do with it, and not the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    ReadOnly,
    Unavailable,
}

impl Trouble {
    fn of(cause: &sqlx::Error) -> Option<Self> {
        match cause {
            sqlx::Error::Database(answer) => Self::told(answer.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // The connection broke off in the middle of an answer.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Self::Unavailable),
            _ => None,
        }
    }

    fn told(answer: &dyn DatabaseError) -> Option<Self> {
        let code = answer.code()?;
        let postgres = answer.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
        if postgres.is_some() {
            Self::postgres(&code)
        } else {
            Self::sqlite(code.parse().ok()?)
        }
    }

    /// By SQLSTATE.
    fn postgres(code: &str) -> Option<Self> {
        match code {
            "25006" => Some(Self::ReadOnly),
            // Another transaction was in the way; a lock or a statement had its time; it stops or starts.
            "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" => {
                Some(Self::Unavailable)
            }
            // The connection; no room for another one, on the disk or in memory; the disk itself.
            _ if ["08", "53", "58"].contains(&code.get(..2)?) => Some(Self::Unavailable),
            _ => None,
        }
    }

    /// By result code, whose low byte is the kind of it.
    fn sqlite(code: i32) -> Option<Self> {
        match code & 0xff {
            8 => Some(Self::ReadOnly),
            // Busy, locked, no memory, a failing disk, a full one, a file that cannot be opened.
            5 | 6 | 7 | 10 | 13 | 14 => Some(Self::Unavailable),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_in_trouble_is_told_apart_from_a_statement_that_is_wrong() {
        let read_only = Some(Trouble::ReadOnly);
        let unavailable = Some(Trouble::Unavailable);
        assert_eq!(Trouble::postgres("25006"), read_only);
        for code in ["08006", "53300", "53100", "57P01", "57P03", "40001"] {
            assert_eq!(Trouble::postgres(code), unavailable, "{code}");
        }
        for code in ["42601", "42P01", "22001", "XX000", ""] {
            assert_eq!(Trouble::postgres(code), None, "{code}");
        }
        // 1032 is a database that was moved away while it was written.
        assert_eq!([8, 1032].map(Trouble::sqlite), [read_only; 2]);
        assert_eq!([5, 517, 13].map(Trouble::sqlite), [unavailable; 3]);
        assert_eq!([1, 19].map(Trouble::sqlite), [None; 2]);
    }
}
