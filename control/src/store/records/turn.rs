//! Several controls that write calls to one PostgreSQL.
//!
//! What one of them has not committed, another does not see, and an id that both have is refused to the
//! second. Its next attempt is made while nobody else writes, so there is no third. SQLite has one writer
//! anyway.

use crate::store::{Error, Tx};
use sea_orm::{ConnectionTrait as _, DbBackend};

/// Any number will do that nobody else uses.
const LOCK: i64 = 0x6f73_7469_6172;

#[derive(Clone, Copy)]
pub(super) enum Turn {
    /// Together with others.
    Shared,
    Alone,
}

impl Turn {
    /// Until the end of the transaction.
    pub(super) async fn take(self, tx: &Tx) -> Result<(), Error> {
        if tx.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let lock = match self {
            Self::Shared => "pg_advisory_xact_lock_shared",
            Self::Alone => "pg_advisory_xact_lock",
        };
        // A plan that was made while a table was small would read all of it for ever: only looking up one id
        // after the other costs the same when it is large. And whoever makes a month must not come between
        // reading the months that there are and writing to them.
        let all = format!(
            "SET LOCAL enable_seqscan = off; \
             SET LOCAL enable_mergejoin = off; \
             SET LOCAL enable_hashjoin = off; \
             SELECT {lock}({LOCK}); \
             LOCK TABLE ONLY audit_events IN ROW EXCLUSIVE MODE"
        );
        tx.execute_unprepared(&all).await?;
        Ok(())
    }
}
