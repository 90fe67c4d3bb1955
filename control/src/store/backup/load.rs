//! Into the database, in the transaction of whoever restores.

use super::{RESTORE, Table, dump::placeholder};
use crate::{
    backup::Cell,
    store::{CONTROL, Error, Tx, entity::revisions},
};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait as _, ExprTrait as _, QueryFilter as _, Statement,
    prelude::*,
};
use std::time::Duration;

/// Always has its row.
const REVISIONS: &str = "revisions";
/// Far below the parameters that a database takes in one statement.
const PARAMETERS: usize = 20_000;
const MAX_ROWS: usize = 500;

const LOCK: &str = "SET LOCAL lock_timeout = '5s'; LOCK TABLE revisions IN ACCESS EXCLUSIVE MODE";
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Whether a control has this database open, or another restore. SQLite does not know. One that was
/// stopped just now takes a moment to be gone.
pub(crate) async fn is_open_elsewhere(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(false);
    }
    let sql = format!(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name IN ('{CONTROL}', '{RESTORE}') AND pid <> pg_backend_pid()"
    );
    for _ in 0..ATTEMPTS {
        // A transaction sees the sessions of its first look otherwise.
        db.execute_unprepared("SELECT pg_stat_clear_snapshot()")
            .await?;
        let statement = Statement::from_string(backend, sql.as_str());
        let row = db.query_one_raw(statement).await?;
        let sessions: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
        if sessions == 0 {
            return Ok(false);
        }
        tokio::time::sleep(BETWEEN_ATTEMPTS).await;
    }
    Ok(true)
}

/// Keeps a control that starts now waiting until the end of the transaction: the revisions are the first
/// that it reads.
pub(crate) async fn lock(tx: &Tx) -> Result<(), Error> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(LOCK).await?;
    }
    Ok(())
}

/// The first table that holds anything; `None` in a database that nobody has used.
pub(crate) async fn first_with_rows<'a>(
    tx: &Tx,
    tables: &'a [Table],
) -> Result<Option<&'a Table>, Error> {
    for table in tables.iter().filter(|table| table.name != REVISIONS) {
        let sql = format!("SELECT 1 AS one FROM \"{}\" LIMIT 1", table.name);
        let statement = Statement::from_string(tx.get_database_backend(), sql);
        if tx.query_one_raw(statement).await?.is_some() {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Empties them; `tables` are in the order in which they may be filled.
pub(crate) async fn clear(tx: &Tx, tables: &[Table]) -> Result<(), Error> {
    for table in tables.iter().rev() {
        tx.execute_unprepared(&format!("DELETE FROM \"{}\"", table.name))
            .await?;
    }
    Ok(())
}

/// Rows whose cells are in the order of the table's columns. `false`: one of them does not fit.
pub(crate) async fn insert(tx: &Tx, table: &Table, rows: Vec<Vec<Cell>>) -> Result<bool, Error> {
    let backend = tx.get_database_backend();
    let width = table.columns.len();
    let names = table.columns.iter().map(|one| format!("\"{}\"", one.name));
    let names: Vec<_> = names.collect();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk = rows
            .by_ref()
            .take((PARAMETERS / width.max(1)).min(MAX_ROWS));
        let (mut values, mut tuples) = (Vec::new(), Vec::new());
        for row in chunk {
            let places = (values.len() + 1..).take(width);
            let places: Vec<_> = places.map(|n| placeholder(backend, n)).collect();
            tuples.push(format!("({})", places.join(", ")));
            for (column, cell) in table.columns.iter().zip(row) {
                let Some(value) = column.kept.value(cell) else {
                    return Ok(false);
                };
                values.push(value);
            }
        }
        let sql = format!(
            "INSERT INTO \"{}\" ({}) VALUES {}",
            table.name,
            names.join(", "),
            tuples.join(", ")
        );
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(true)
}

/// Puts the revisions beyond those that anybody has seen of this database, so that nobody takes what was
/// restored for what they have already.
pub(crate) async fn bump_revisions(tx: &Tx, snapshot: i64, keys: i64) -> Result<(), Error> {
    use revisions::{Column, Entity};
    for (column, seen) in [(Column::Snapshot, snapshot), (Column::Keys, keys)] {
        Entity::update_many()
            .col_expr(column, Expr::value(seen + 1))
            .filter(Expr::col(column).lte(seen))
            .exec(tx)
            .await?;
    }
    Ok(())
}
