//! What can go wrong with a statement, as far as anybody above can do something about it.

use sea_orm::{DbErr, SqlErr};

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
    #[error("the database is not available: {0}")]
    Unavailable(DbErr),
    #[error("{0}")]
    Failed(DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match (error.sql_err(), &error) {
            (Some(SqlErr::UniqueConstraintViolation(_)), _) => Self::Taken,
            (Some(SqlErr::ForeignKeyConstraintViolation(_)), _) => Self::Referenced,
            (_, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) => Self::Unavailable(error),
            _ => Self::Failed(error),
        }
    }
}
