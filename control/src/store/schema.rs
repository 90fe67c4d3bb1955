//! Whether the database has the schema that this build was made for.

use super::{Db, Error};
use sea_orm::{ConnectionTrait as _, DbErr, Statement, sqlx::sqlite::SqliteConnectOptions};

/// The newest step of `ostia_migrations` that the entities need.
pub(crate) const NEWEST: &str = "m20261121_000030_mail";

pub(super) async fn check(db: &Db) -> Result<(), Error> {
    // A database that nobody migrated has not even this table, which is no other answer than an old one.
    let newest = newest(db).await.unwrap_or(None);
    if newest.as_deref() == Some(NEWEST) {
        Ok(())
    } else {
        Err(Error::NotMigrated { newest })
    }
}

/// Only migrating makes a file, so that a typing error in a path is not an empty database.
pub(super) fn is_missing_file(database_url: &str) -> bool {
    database_url.starts_with("sqlite:")
        && database_url
            .parse::<SqliteConnectOptions>()
            .is_ok_and(|options| !options.get_filename().exists())
}

async fn newest(db: &Db) -> Result<Option<String>, DbErr> {
    let statement = Statement::from_string(
        db.get_database_backend(),
        "SELECT MAX(version) AS newest FROM seaql_migrations",
    );
    match db.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "newest"),
        None => Ok(None),
    }
}
