//! Statements that insert a fixed number of rows.

use super::rows::Rows;
use crate::store::{Error, Tx};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

/// Rows per statement, most first: what is left of a batch goes in smaller ones.
///
/// While a statement runs, a call that comes to the same processor waits. With 64 rows instead of 16 a record costs
/// 6 % less, and of the calls one in a hundred waits about twice as long.
const CHUNKS: [usize; 3] = [16, 4, 1];
/// Texts and ids of a usual row; a longer one makes the buffer grow.
const BYTES_PER_ROW: usize = 384;

#[derive(Clone, Copy)]
pub(super) struct Column(pub(super) &'static str, pub(super) Kind);

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number,
    /// A number that is zero or not.
    Flag,
    /// This and the following are given as a place in the bytes of the statement.
    Bytes,
    Text,
    Uuid,
}

/// The statements of one table.
pub(super) struct Insert {
    columns: usize,
    /// One per chunk.
    sqlite: [String; CHUNKS.len()],
    postgres: [String; CHUNKS.len()],
}

impl Insert {
    /// For rows that are new.
    pub(super) fn new(table: &str, columns: &[Column]) -> Self {
        Self::with(table, columns, "")
    }

    /// For rows that may be there: then the sums are added to theirs.
    pub(super) fn adding(table: &str, key: &[Column], sums: &[Column]) -> Self {
        let names = |columns: &[Column]| -> Vec<&str> {
            columns.iter().map(|Column(name, _)| *name).collect()
        };
        let add = |name| format!("{name} = {table}.{name} + excluded.{name}");
        let added: Vec<_> = names(sums).into_iter().map(add).collect();
        // `WHERE true` tells SQLite that no JOIN follows.
        let end = format!(
            " WHERE true ON CONFLICT ({}) DO UPDATE SET {}",
            names(key).join(", "),
            added.join(", ")
        );
        Self::with(table, &[key, sums].concat(), &end)
    }

    fn with(table: &str, columns: &[Column], end: &str) -> Self {
        let of = |backend| CHUNKS.map(|rows| statement(backend, table, columns, rows) + end);
        Self {
            columns: columns.len(),
            sqlite: of(DbBackend::Sqlite),
            postgres: of(DbBackend::Postgres),
        }
    }

    /// Fails with [`Error::Taken`] when a row that should be new is there already.
    pub(super) async fn run<T>(
        &self,
        tx: &Tx,
        items: &[T],
        row: impl Fn(&mut Rows, &T),
    ) -> Result<(), Error> {
        let backend = tx.get_database_backend();
        let statements = match backend {
            DbBackend::Postgres => &self.postgres,
            _ => &self.sqlite,
        };
        let mut rest = items;
        for (size, sql) in CHUNKS.into_iter().zip(statements) {
            while let Some((chunk, after)) = rest.split_at_checked(size) {
                rest = after;
                let mut rows = Rows::with_capacity(size * self.columns, size * BYTES_PER_ROW);
                for item in chunk {
                    row(&mut rows, item);
                }
                let statement = Statement::from_sql_and_values(backend, sql, rows.into_values());
                tx.execute_raw(statement).await?;
            }
        }
        Ok(())
    }
}

/// `WITH r AS (VALUES (…), …) INSERT INTO t (…) SELECT … FROM r`: the cells are the first parameters, in
/// order, and the bytes are the last, named as often as columns need them.
fn statement(backend: DbBackend, table: &str, columns: &[Column], rows: usize) -> String {
    let names: Vec<_> = columns.iter().map(|Column(name, _)| *name).collect();
    let names = names.join(", ");
    let bytes = rows * columns.len() + 1;
    let values: Vec<_> = columns
        .iter()
        .map(|column| expression(backend, column, bytes))
        .collect();
    format!(
        "WITH r ({names}) AS (VALUES {cells}) \
         INSERT INTO {table} ({names}) SELECT {values} FROM r",
        cells = cells(backend, columns.len(), rows),
        values = values.join(", "),
    )
}

fn cells(backend: DbBackend, columns: usize, rows: usize) -> String {
    let rows = (0..rows).map(|row| {
        let cells = (1..=columns).map(|column| match backend {
            // The type of the first row is that of all.
            DbBackend::Postgres if row == 0 => format!("${column}::bigint"),
            DbBackend::Postgres => format!("${}", row * columns + column),
            _ => "?".to_owned(),
        });
        format!("({})", cells.collect::<Vec<_>>().join(","))
    });
    rows.collect::<Vec<_>>().join(",")
}

/// The value of a column out of its cell. A cell that is NULL makes every one of these NULL.
fn expression(backend: DbBackend, Column(name, kind): &Column, bytes: usize) -> String {
    match kind {
        Kind::Number => return format!("r.{name}"),
        Kind::Flag => return format!("r.{name} <> 0"),
        Kind::Bytes | Kind::Text | Kind::Uuid => {}
    }
    let (from, length) = (format!("r.{name} >> 32"), format!("r.{name} & 4294967295"));
    if backend == DbBackend::Postgres {
        let slice = format!("substr(${bytes}::bytea, ({from})::int, ({length})::int)");
        return match kind {
            Kind::Text => format!("convert_from({slice}, 'UTF8')"),
            Kind::Uuid => format!("encode({slice}, 'hex')::uuid"),
            Kind::Bytes | Kind::Number | Kind::Flag => slice,
        };
    }
    let slice = format!("substr(?{bytes}, {from}, {length})");
    match kind {
        Kind::Text => format!("CAST({slice} AS TEXT)"),
        Kind::Uuid | Kind::Bytes | Kind::Number | Kind::Flag => slice,
    }
}
