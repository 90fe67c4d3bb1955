//! Which of many ids a table has already.

use crate::store::{Error, Tx};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, Value};
use std::collections::HashSet;
use uuid::Uuid;

const ID_BYTES: usize = 16;

/// Which of these, in order, are there. Two statements at most, whatever the number: all ids are in one value.
pub(super) async fn ids(
    tx: &Tx,
    table: &'static str,
    wanted: &[Uuid],
) -> Result<HashSet<Uuid>, Error> {
    let backend = tx.get_database_backend();
    if !any_between(tx, table, wanted).await? {
        return Ok(HashSet::new());
    }
    let sql = match backend {
        DbBackend::Postgres => format!(
            "SELECT t.id FROM generate_series(0, $2::int - 1) AS n(i) JOIN {table} t \
             ON t.id = encode(substr($1::bytea, n.i * {ID_BYTES} + 1, {ID_BYTES}), 'hex')::uuid"
        ),
        _ => format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2) \
             SELECT t.id FROM n CROSS JOIN {table} t \
             WHERE t.id = substr(?1, n.i * {ID_BYTES} + 1, {ID_BYTES})"
        ),
    };
    let mut bytes = Vec::with_capacity(wanted.len() * ID_BYTES);
    for id in wanted {
        bytes.extend_from_slice(id.as_bytes());
    }
    let count = i32::try_from(wanted.len()).unwrap_or(i32::MAX);
    let values: [Value; 2] = [bytes.into(), count.into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let ids = rows.iter().map(|row| row.try_get("", "id"));
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Ids begin with the time that they were made at, so what comes for the first time usually has a stretch of its own,
/// and that is one search instead of one for each.
async fn any_between(tx: &Tx, table: &'static str, ids: &[Uuid]) -> Result<bool, Error> {
    let sql = format!("SELECT 1 FROM {table} WHERE id BETWEEN $1 AND $2 LIMIT 1");
    let ends: [Value; 2] = [ids.first().copied().into(), ids.last().copied().into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, ends);
    Ok(tx.query_one_raw(statement).await?.is_some())
}
