//! Where a schema is brought up to date: one connection, one migrator at a time.

use crate::Migrator;
use std::time::Duration;

use sea_orm_migration::{
    MigratorTrait as _,
    sea_orm::{
        ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
        SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
        sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
};

/// Any number will do, as long as it is always the same and no other program uses it.
const LOCK: i64 = 0x006f_7374_6961;

const ATTEMPTS: u32 = 50;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// What [`up`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Steps that were pending and are done now.
    pub steps: usize,
}

/// Neither text holds the URL, which may have a password in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database cannot be opened: {0}")]
    Open(#[source] DbErr),
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[source] DbErr),
}

/// Applies what is pending, all of it or nothing. Makes the file of a SQLite database that does not
/// exist; several callers at once wait for each other.
pub async fn up(database_url: &str) -> Result<Applied, Error> {
    let db = connect_when_free(database_url).await.map_err(Error::Open)?;
    let applied = migrate(&db).await.map_err(Error::Migrate);
    let closed = db.close().await.map_err(Error::Migrate);
    let applied = applied?;
    closed.map(|()| applied)
}

/// How many steps [`up`] would apply. Changes nothing, not even when there is no database yet.
pub async fn pending(database_url: &str) -> Result<usize, Error> {
    if is_missing_file(database_url) {
        return Ok(Migrator::migrations().len());
    }
    let db = connect(database_url, false).await.map_err(Error::Open)?;
    let pending = Migrator::get_pending_migrations_read_only(&db).await;
    let closed = db.close().await.map_err(Error::Migrate);
    let pending = pending.map_err(Error::Migrate)?.len();
    closed.map(|()| pending)
}

async fn migrate(db: &DatabaseConnection) -> Result<Applied, DbErr> {
    let options = TransactionOptions {
        // The lock of SQLite; PostgreSQL ignores it.
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(options).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // Of replicas that start together one migrates and the others find nothing pending.
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    let steps = Migrator::get_pending_migrations(&tx).await?.len();
    Migrator::up(&tx, None).await?;
    tx.commit().await?;
    Ok(Applied { steps })
}

/// A new SQLite file changes its journal mode under a lock that is not waited for: whoever comes in that
/// moment is turned away, and comes again.
async fn connect_when_free(database_url: &str) -> Result<DatabaseConnection, DbErr> {
    for _ in 0..ATTEMPTS {
        match connect(database_url, true).await {
            Err(error) if error.to_string().contains("database is locked") => {
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            connected => return connected,
        }
    }
    connect(database_url, true).await
}

async fn connect(database_url: &str, create: bool) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(database_url);
    options.max_connections(1).sqlx_logging(false);
    if create {
        // The journal mode is kept in the file, so that whoever opens it later has it too. What a
        // connection sets for itself is control's business.
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
        });
    }
    Database::connect(options).await
}

fn is_missing_file(database_url: &str) -> bool {
    database_url.starts_with("sqlite:")
        && database_url
            .parse::<SqliteConnectOptions>()
            .is_ok_and(|options| !options.get_filename().exists())
}
