//! The database: one file per resource, in the words of `ostia_domain`, and nothing above it knows the
//! library behind.
//!
//! What reads takes any connection ([`Db`] or [`Tx`]); what writes takes a [`Tx`], which only
//! [`Store::write`] gives out.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod browser_sessions;
pub(crate) mod bundles;
pub(crate) mod catalogues;
mod cells;
pub(crate) mod chain;
mod entity;
mod error;
pub(crate) mod groups;
pub(crate) mod idempotency;
pub(crate) mod identity;
pub(crate) mod identity_links;
pub(crate) mod keys;
pub(crate) mod manifest;
pub(crate) mod names;
pub(crate) mod narrow;
pub(crate) mod page;
pub(crate) mod partitions;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod prices;
pub(crate) mod quotas;
pub(crate) mod records;
mod reference;
pub(crate) mod revisions;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod upstreams;
pub(crate) mod usage;
pub(crate) mod vault;

pub(crate) use error::Error;

use audit::NewChange;
use chain::{Appender, Chains, Kind};

use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
    sqlx::{self, postgres::PgConnection, sqlite::SqliteSynchronous},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

pub(crate) type Db = DatabaseConnection;
pub(crate) type Tx = DatabaseTransaction;
pub(crate) use sea_orm::ConnectionTrait as Reads;

/// How long a statement waits for a writer of another process before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection before it is told that the database is not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes that the write-ahead log keeps after a checkpoint; without a limit it stays as long as the
/// busiest minute made it.
const JOURNAL_SIZE_LIMIT: &str = "67108864";
/// Pages that a connection keeps in memory, in KiB (as SQLite has it: less than nothing). With the usual 2 MiB an
/// index of a million rows is read from the file for every search.
const CACHE: &str = "-16384";
/// What a control is called among the sessions of PostgreSQL.
const CONTROL: &str = "ostia-control";
/// Waits for the change of another control, but not for one that hangs.
const ALONE: &str = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(5183097426610852)";
/// Bytes of the file that are read where the system has them in memory. Without it each page is copied by a call of the
/// system, under a lock that all connections share.
const MAPPED: &str = "1073741824";
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The pool of connections. A clone is the same pool.
#[derive(Clone)]
pub(crate) struct Store {
    db: Db,
    /// SQLite has one writer at a time: waiting for a turn here is first come, first served, and
    /// cheaper than the sleeps with which SQLite would try again.
    turn: Option<Arc<Semaphore>>,
    /// Of changes that people make, on a database with many writers.
    changes: Arc<Semaphore>,
    chains: Chains,
    /// Transactions that begin.
    begins: TaskTracker,
}

/// A transaction that may write. Dropped without a commit it changes nothing.
pub(crate) struct Write {
    tx: Tx,
    /// Where the audit event of a change goes.
    appender: Option<Appender>,
    /// Given back after the transaction ended: fields drop in this order.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Store {
    /// Connects, and refuses a database whose schema is not the one this build was made for.
    pub(crate) async fn open(database_url: &str) -> Result<Self, Error> {
        Self::connect(database_url, options(database_url)).await
    }

    /// The same with one connection and another name: for whoever has to be alone.
    pub(crate) async fn open_alone(database_url: &str) -> Result<Self, Error> {
        let mut options = options(database_url);
        options
            .max_connections(1)
            .map_sqlx_postgres_opts(|postgres| postgres.application_name(backup::RESTORE));
        Self::connect(database_url, options).await
    }

    async fn connect(database_url: &str, options: ConnectOptions) -> Result<Self, Error> {
        if schema::is_missing_file(database_url) {
            return Err(Error::NotMigrated { newest: None });
        }
        let db = Database::connect(options)
            .await
            .map_err(Error::Unavailable)?;
        let turn =
            (db.get_database_backend() == DbBackend::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        schema::check(&db).await?;
        Ok(Self {
            db,
            turn,
            changes: Arc::new(Semaphore::new(1)),
            chains: Chains::default(),
            begins: TaskTracker::new(),
        })
    }

    /// For reads that need not agree with each other.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// For reads that must all see one state.
    pub(crate) async fn read(&self) -> Result<Tx, Error> {
        let postgres = self.db.get_database_backend() == DbBackend::Postgres;
        // SQLite gives every transaction one state anyway, and complains about both options.
        let options = TransactionOptions {
            isolation_level: postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: postgres.then_some(AccessMode::ReadOnly),
            sqlite_transaction_mode: None,
        };
        self.begin(options).await
    }

    /// On PostgreSQL to the end, whoever gives up meanwhile: a connection that goes back with BEGIN on its way
    /// counts as one without a transaction there, and whoever gets it next is in one that they do not know of. A
    /// transaction that nobody waits for any more is rolled back.
    async fn begin(&self, options: TransactionOptions) -> Result<Tx, Error> {
        if self.db.get_database_backend() == DbBackend::Sqlite {
            return Ok(self.db.begin_with_options(options).await?);
        }
        let db = self.db.clone();
        let begun = self
            .begins
            .spawn(async move { db.begin_with_options(options).await });
        let tx = begun
            .await
            .map_err(|error| DbErr::Custom(format!("a transaction did not begin: {error}")))?;
        Ok(tx?)
    }

    /// For changes. On SQLite the lock is taken at once, because a transaction that reads before it
    /// writes fails when another one wrote in between.
    pub(crate) async fn write(&self) -> Result<Write, Error> {
        let turn = match &self.turn {
            // Nobody closes the semaphore, so this always gets its turn.
            Some(turn) => turn.clone().acquire_owned().await.ok(),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.begin(options).await?;
        Ok(Write {
            tx,
            appender: None,
            _turn: turn,
        })
    }

    /// For changes that people make: one at a time in all controls of the database, so that what a change read is
    /// what it changes. Those of one control wait here, and hold no connection meanwhile.
    pub(crate) async fn write_alone(&self) -> Result<Write, Error> {
        if self.turn.is_some() {
            return self.write().await;
        }
        let turn = self.changes.clone().acquire_owned().await.ok();
        let write = Write {
            _turn: turn,
            ..self.write().await?
        };
        write.tx.execute_unprepared(ALONE).await?;
        Ok(write)
    }

    /// For calls, which are written by the thousand: waits for the chain before it takes a connection.
    async fn write_calls(&self) -> Result<(Write, Appender), Error> {
        let appender = self.chains.append(Kind::Call).await;
        Ok((self.write().await?, appender))
    }

    /// The event of a change, in the transaction that makes it.
    pub(crate) async fn audit(
        &self,
        write: &mut Write,
        change: NewChange<'_>,
    ) -> Result<(), Error> {
        let appender = match write.appender.take() {
            Some(appender) => appender,
            None => self.chains.append(Kind::Change).await,
        };
        let appender = write.appender.insert(appender);
        audit::insert_change(&write.tx, appender, change).await
    }

    pub(crate) async fn answers(&self) -> bool {
        self.db.ping().await.is_ok()
    }

    pub(crate) async fn close(&self) {
        self.begins.close();
        self.begins.wait().await;
        if let Err(error) = self.db.close_by_ref().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }
}

impl Write {
    pub(crate) fn tx(&self) -> &Tx {
        &self.tx
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await?;
        if let Some(appender) = self.appender {
            appender.committed();
        }
        Ok(())
    }
}

fn options(database_url: &str) -> ConnectOptions {
    let sqlite = database_url.starts_with("sqlite:");
    let mut options = ConnectOptions::new(database_url);
    options
        .max_connections(if sqlite {
            SQLITE_CONNECTIONS
        } else {
            POSTGRES_CONNECTIONS
        })
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        // Nothing outside takes down a connection to a file, and for the others there is a better test.
        .test_before_acquire(false)
        .map_sqlx_postgres_before_acquire(|connection, _| Box::pin(takes_changes(connection)))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                // Enough in WAL mode: a power cut may lose the newest commits, never the database.
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
                .pragma("cache_size", CACHE)
                .pragma("mmap_size", MAPPED)
        })
        .map_sqlx_postgres_opts(|postgres| postgres.application_name(CONTROL));
    options
}

/// Whether a connection works and its server takes changes. One that another server took over from may still
/// answer: it is left, and the pool connects anew. Costs what a ping would.
async fn takes_changes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let read_only = sqlx::query_scalar::<_, String>("SHOW transaction_read_only");
    Ok(read_only.fetch_one(connection).await? == "off")
}
