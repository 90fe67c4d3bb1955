//! Writing calls down: the one place where the database is under load.
//!
//! A batch becomes a few statements with a fixed number of rows each, so that a database prepares them
//! once. An id that is there already is left alone, so a batch may come again.

use super::{Error, Tx};
use ostia_domain::audit::CallRecord;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, Value};
use std::{fmt::Write as _, sync::LazyLock};

/// Rows per statement, most first: what is left of a batch goes in smaller ones.
const CHUNKS: [usize; 3] = [64, 8, 1];

/// Only calls of tools are usage; everything is audit.
const COUNTED: &str = "tools/call";

const USAGE_COLUMNS: [&str; 11] = [
    "id",
    "at_us",
    "key_id",
    "key_name",
    "owner_id",
    "upstream",
    "tool",
    "outcome",
    "duration_us",
    "request_bytes",
    "result_bytes",
];

const AUDIT_COLUMNS: [&str; 16] = [
    "id",
    "at_us",
    "request_id",
    "actor",
    "key_id",
    "user_id",
    "action",
    "target",
    "outcome",
    "error",
    "rule",
    "arguments_digest",
    "duration_us",
    "remote_address",
    "client",
    "detail",
];

static USAGE: LazyLock<Inserts> = LazyLock::new(|| Inserts::new("usage_records", &USAGE_COLUMNS));
static AUDIT: LazyLock<Inserts> = LazyLock::new(|| Inserts::new("audit_events", &AUDIT_COLUMNS));

/// Writes what is not there yet.
pub(crate) async fn insert(tx: &Tx, records: &[CallRecord]) -> Result<(), Error> {
    let counted: Vec<_> = records.iter().filter(|r| r.method == COUNTED).collect();
    let all: Vec<_> = records.iter().collect();
    USAGE.run(tx, &counted, usage_row).await?;
    AUDIT.run(tx, &all, audit_row).await
}

/// The statements of one table, per backend and chunk.
struct Inserts {
    sqlite: [String; CHUNKS.len()],
    postgres: [String; CHUNKS.len()],
}

impl Inserts {
    fn new(table: &str, columns: &[&str]) -> Self {
        let of = |backend| CHUNKS.map(|rows| insert_statement(backend, table, columns, rows));
        Self {
            sqlite: of(DbBackend::Sqlite),
            postgres: of(DbBackend::Postgres),
        }
    }

    async fn run<const COLUMNS: usize>(
        &self,
        tx: &Tx,
        records: &[&CallRecord],
        row: fn(&CallRecord) -> [Value; COLUMNS],
    ) -> Result<(), Error> {
        let backend = tx.get_database_backend();
        let statements = match backend {
            DbBackend::Postgres => &self.postgres,
            _ => &self.sqlite,
        };
        let mut rest = records;
        for (size, sql) in CHUNKS.into_iter().zip(statements) {
            while let Some((chunk, after)) = rest.split_at_checked(size) {
                rest = after;
                let values = chunk.iter().flat_map(|record| row(record));
                tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
                    .await?;
            }
        }
        Ok(())
    }
}

fn insert_statement(backend: DbBackend, table: &str, columns: &[&str], rows: usize) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for row in 0..rows {
        for column in 0..columns.len() {
            sql.push_str(match (row, column) {
                (0, 0) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            match backend {
                // Writing to a String cannot fail.
                DbBackend::Postgres => {
                    let _ = write!(sql, "${}", row * columns.len() + column + 1);
                }
                _ => sql.push('?'),
            }
        }
    }
    sql.push_str(") ON CONFLICT DO NOTHING");
    sql
}

fn usage_row(record: &CallRecord) -> [Value; USAGE_COLUMNS.len()] {
    let caller = record.caller.as_ref();
    [
        record.id.into(),
        record.at.timestamp_micros().into(),
        caller.map(|caller| caller.key_id).into(),
        caller.map(|caller| text(&caller.key_name)).into(),
        caller.map(|caller| caller.owner_id).into(),
        record.upstream.as_deref().map(text).into(),
        record.tool.as_deref().map(text).into(),
        record.outcome.as_str().into(),
        number(record.duration_us),
        number(record.request_bytes),
        number(record.result_bytes),
    ]
}

fn audit_row(record: &CallRecord) -> [Value; AUDIT_COLUMNS.len()] {
    let caller = record.caller.as_ref();
    [
        record.id.into(),
        record.at.timestamp_micros().into(),
        record.request_id.into(),
        actor(record).into(),
        caller.map(|caller| caller.key_id).into(),
        caller.map(|caller| caller.owner_id).into(),
        text(&record.method).into(),
        target(record).into(),
        record.outcome.as_str().into(),
        record.error.into(),
        record.rule.as_deref().map(text).into(),
        record.arguments_digest.map(|digest| digest.to_vec()).into(),
        number(record.duration_us),
        record.remote_address.as_deref().map(text).into(),
        record.client.as_deref().map(text).into(),
        detail(record).into(),
    ]
}

fn actor(record: &CallRecord) -> String {
    match &record.caller {
        Some(caller) => text(&format!("key:{}", caller.key_name)),
        None => "anonymous".to_owned(),
    }
}

/// Which key was presented and refused. It is no actor: nobody proved to have it.
fn detail(record: &CallRecord) -> Option<String> {
    let presented = record.presented_key.as_ref()?;
    Some(serde_json::json!({ "presented_key": presented }).to_string())
}

/// `<upstream>.<tool>`, or the name as it was called when it belongs to no upstream.
fn target(record: &CallRecord) -> Option<String> {
    match (&record.upstream, &record.tool) {
        (Some(upstream), Some(tool)) => Some(text(&format!("{upstream}.{tool}"))),
        (Some(name), None) | (None, Some(name)) => Some(text(name)),
        (None, None) => None,
    }
}

/// PostgreSQL refuses a text with a NUL, and one such name from a client must not hold up a batch.
fn text(value: &str) -> String {
    if value.as_bytes().contains(&0) {
        value.replace('\0', "\u{fffd}")
    } else {
        value.to_owned()
    }
}

fn number(value: u64) -> Value {
    i64::try_from(value).unwrap_or(i64::MAX).into()
}
