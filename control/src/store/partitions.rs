//! The months of audit events on PostgreSQL: a partition each, made before its month begins and dropped
//! as a whole.
//!
//! What comes while its month has no partition is in `…_rest`, and is moved when there is one.

use super::{Error, Store, Tx, audit::prune, chain::Kind, narrow::first_id};
use chrono::{Datelike as _, Months, NaiveDate, NaiveTime};
use ostia_domain::clock::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

/// Months beyond this one that have a partition.
const AHEAD: u32 = 2;
/// Events that are looked at together.
const PAGE: usize = 10_000;
/// Whoever waits longer for readers of a table makes everybody wait for itself.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";
/// Any number will do that nobody else uses. Two controls that prune at once would count twice.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7309475598860517)";

/// The first day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Month(NaiveDate);

impl Month {
    fn of(at: Timestamp) -> Self {
        Self(at.date_naive().with_day(1).unwrap_or_default())
    }

    fn plus(self, months: u32) -> Self {
        Self(
            self.0
                .checked_add_months(Months::new(months))
                .unwrap_or(self.0),
        )
    }

    /// Ids of the month are this one or greater.
    fn first_id(self) -> Uuid {
        first_id(self.0.and_time(NaiveTime::MIN).and_utc())
    }

    /// `2026_11`, as names of partitions end.
    fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('_')?;
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    fn table(self, kind: Kind) -> String {
        format!("{}_{}", parent(kind), self.0.format("%Y_%m"))
    }
}

fn parent(kind: Kind) -> &'static str {
    match kind {
        Kind::Call => "audit_events_calls",
        Kind::Change => "audit_events_changes",
    }
}

/// Whether there are any: SQLite has one table.
pub(crate) fn are_used(store: &Store) -> bool {
    store.db().get_database_backend() == DbBackend::Postgres
}

/// Where events go one by one: what is in a month goes with it.
pub(crate) fn loose(store: &Store, kind: Kind) -> &'static str {
    match kind {
        _ if !are_used(store) => "audit_events",
        Kind::Call => "audit_events_calls_rest",
        Kind::Change => "audit_events_changes_rest",
    }
}

/// One control at a time prunes, until the end of its transaction.
pub(crate) async fn lock(tx: &Tx) -> Result<(), Error> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(LOCK).await?;
    }
    Ok(())
}

/// Makes those of this month and of the next ones.
pub(crate) async fn make_ahead(store: &Store, now: Timestamp) -> Result<(), Error> {
    for kind in Kind::ALL {
        let known = months(store.db(), kind).await?;
        let wanted = (0..=AHEAD).map(|months| Month::of(now).plus(months));
        for month in wanted.filter(|month| !known.contains(month)) {
            make(store, kind, month).await?;
        }
    }
    Ok(())
}

async fn make(store: &Store, kind: Kind, month: Month) -> Result<(), Error> {
    let write = store.write().await?;
    let tx = write.tx();
    tx.execute_unprepared(LOCK).await?;
    // Another control may have been faster.
    if months(tx, kind).await?.contains(&month) {
        return Ok(());
    }
    let (parent, table) = (parent(kind), month.table(kind));
    let (from, to) = (month.first_id(), month.plus(1).first_id());
    tx.execute_unprepared(LOCK_TIMEOUT).await?;
    // Whoever inserts now knows only of the rest, and would be refused by it when the month is there: so
    // they wait where they have not looked yet.
    tx.execute_unprepared(&format!(
        "LOCK TABLE ONLY audit_events IN SHARE ROW EXCLUSIVE MODE; \
         CREATE TABLE {table} (LIKE {parent} INCLUDING ALL); \
         WITH moved AS (DELETE FROM {parent}_rest \
             WHERE id >= '{from}' AND id < '{to}' RETURNING *) \
         INSERT INTO {table} SELECT * FROM moved; \
         ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ('{from}') TO ('{to}')"
    ))
    .await?;
    write.commit().await
}

/// Drops those that have nothing from an id on, and counts their events.
pub(crate) async fn drop_until(
    store: &Store,
    kind: Kind,
    until: Uuid,
    dropped: &mut u64,
) -> Result<(), Error> {
    for month in months(store.db(), kind).await? {
        if month.plus(1).first_id() <= until {
            *dropped += drop_one(store, kind, month).await?;
        }
    }
    Ok(())
}

async fn drop_one(store: &Store, kind: Kind, month: Month) -> Result<u64, Error> {
    let write = store.write().await?;
    let tx = write.tx();
    tx.execute_unprepared(LOCK).await?;
    if !months(tx, kind).await?.contains(&month) {
        return Ok(0);
    }
    let table = month.table(kind);
    tx.execute_unprepared(LOCK_TIMEOUT).await?;
    tx.execute_unprepared(&format!("LOCK TABLE {table} IN SHARE MODE"))
        .await?;
    let events = note(tx, &table).await?;
    tx.execute_unprepared(&format!("DROP TABLE {table}"))
        .await?;
    write.commit().await?;
    Ok(events)
}

/// Notes all events of a table in their chains, in the order of these.
async fn note(tx: &Tx, table: &str) -> Result<u64, Error> {
    let count = format!("SELECT COUNT(*) AS events FROM {table}");
    let count = Statement::from_string(DbBackend::Postgres, count);
    let row = tx.query_one_raw(count).await?;
    let events: i64 = row.map_or(Ok(0), |row| row.try_get("", "events"))?;
    let sql = format!(
        "SELECT writer, seq, hash FROM {table} WHERE (writer, seq) > ($1, $2) \
         ORDER BY writer, seq LIMIT {PAGE}"
    );
    let (mut writer, mut seq) = (Uuid::nil(), 0);
    loop {
        let values: [Value; 2] = [writer.into(), seq.into()];
        let page = Statement::from_sql_and_values(DbBackend::Postgres, &sql, values);
        let rows = tx.query_all_raw(page).await?;
        let links: Vec<_> = rows.iter().map(prune::link).collect::<Result<_, _>>()?;
        let full = links.len() == PAGE;
        if let Some((Some(last), Some(last_seq), _)) = links.last() {
            (writer, seq) = (*last, *last_seq);
        }
        prune::note(tx, prune::runs(links)).await?;
        if !full {
            return Ok(events.unsigned_abs());
        }
    }
}

/// Those that have a partition, the oldest first.
async fn months(db: &impl ConnectionTrait, kind: Kind) -> Result<Vec<Month>, Error> {
    let parent = parent(kind);
    let sql = format!(
        "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = '{parent}'::regclass ORDER BY 1"
    );
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    let mut months = Vec::new();
    for row in rows {
        let name: String = row.try_get("", "name")?;
        let month = name
            .strip_prefix(parent)
            .and_then(|rest| Month::parse(rest.strip_prefix('_')?));
        months.extend(month);
    }
    Ok(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_range_of_ids() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let month = Month::of(at("2026-12-31T23:59:59Z"));
        assert_eq!(month.table(Kind::Call), "audit_events_calls_2026_12");
        assert_eq!(Month::parse("2026_12"), Some(month));
        assert_eq!(Month::parse("rest"), None);
        let last = first_id(at("2026-12-31T23:59:59.999Z"));
        let next = first_id(at("2027-01-01T00:00:00Z"));
        assert!(month.first_id() <= last && last < month.plus(1).first_id());
        assert_eq!(month.plus(1).first_id(), next);
    }
}
