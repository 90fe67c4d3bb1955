//! Which tables there are, with their columns.

use super::Kept;
use crate::{
    backup::Kind,
    store::{Error, Reads},
};
use sea_orm::{DbBackend, Statement};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// By name.
    pub(super) columns: Vec<Column>,
    /// Names of columns in their order: what is read page by page needs one.
    pub(super) primary_key: Vec<String>,
    /// Tables that it refers to.
    refers_to: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kept: Kept,
}

impl Table {
    pub(crate) fn columns(&self) -> Vec<(String, Kind)> {
        let columns = self.columns.iter();
        columns
            .map(|column| (column.name.clone(), column.kept.kind()))
            .collect()
    }
}

/// A table, a column, its type, its place in the primary key from 1, or 0.
const SQLITE_COLUMNS: &str = "SELECT m.name AS t, c.name AS c, c.type AS k, CAST(c.pk AS bigint) AS p \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1, 2";
const SQLITE_REFERENCES: &str = "SELECT m.name AS t, f.\"table\" AS r \
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

/// Partitions are within their tables.
const POSTGRES_COLUMNS: &str = "SELECT r.relname::text AS t, a.attname::text AS c, \
        format_type(a.atttypid, NULL) AS k, \
        COALESCE(array_position(i.indkey::int2[], a.attnum), -1)::bigint + 1 AS p \
    FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped \
    LEFT JOIN pg_index i ON i.indrelid = r.oid AND i.indisprimary \
    WHERE r.relnamespace = current_schema()::regnamespace \
        AND r.relkind IN ('r', 'p') AND NOT r.relispartition ORDER BY 1, 2";
const POSTGRES_REFERENCES: &str = "SELECT r.relname::text AS t, f.relname::text AS r \
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid \
    WHERE c.contype = 'f' AND r.relnamespace = current_schema()::regnamespace";

/// What the migrations keep for themselves: a database that is restored into has its own.
const MIGRATIONS: &str = "seaql_migrations";

/// All of them, each after those that it refers to.
pub(crate) async fn tables(db: &impl Reads) -> Result<Vec<Table>, Error> {
    let backend = db.get_database_backend();
    let (columns, references) = match backend {
        DbBackend::Postgres => (POSTGRES_COLUMNS, POSTGRES_REFERENCES),
        _ => (SQLITE_COLUMNS, SQLITE_REFERENCES),
    };
    let statement = |sql| Statement::from_string(backend, sql);
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut keys: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for row in db.query_all_raw(statement(columns)).await? {
        let (name, column): (String, String) = (row.try_get("", "t")?, row.try_get("", "c")?);
        let (declared, place): (String, i64) = (row.try_get("", "k")?, row.try_get("", "p")?);
        if name == MIGRATIONS {
            continue;
        }
        let kept = Kept::parse(backend, &declared).ok_or_else(|| {
            Error::Unreadable(format!("the type {declared:?} of {name}.{column}"))
        })?;
        if place > 0 {
            let key = keys.entry(name.clone()).or_default();
            key.push((place, column.clone()));
        }
        let table = tables.entry(name.clone()).or_insert_with(|| Table {
            name,
            columns: Vec::new(),
            primary_key: Vec::new(),
            refers_to: Vec::new(),
        });
        table.columns.push(Column { name: column, kept });
    }
    for (name, mut key) in keys {
        key.sort();
        if let Some(table) = tables.get_mut(&name) {
            table.primary_key = key.into_iter().map(|(_, column)| column).collect();
        }
    }
    for row in db.query_all_raw(statement(references)).await? {
        let (name, to): (String, String) = (row.try_get("", "t")?, row.try_get("", "r")?);
        if let Some(table) = tables.get_mut(&name)
            && to != name
        {
            table.refers_to.push(to);
        }
    }
    if let Some(table) = tables.values().find(|table| table.primary_key.is_empty()) {
        let problem = format!("the table {} without a primary key", table.name);
        return Err(Error::Unreadable(problem));
    }
    in_order(tables)
}

fn in_order(mut tables: BTreeMap<String, Table>) -> Result<Vec<Table>, Error> {
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let free = |table: &Table| !table.refers_to.iter().any(|to| tables.contains_key(to));
        let ready: Vec<_> = tables.values().filter(|table| free(table)).collect();
        let ready: Vec<_> = ready.into_iter().map(|table| table.name.clone()).collect();
        if ready.is_empty() {
            let problem = "the order of tables that refer to each other in a circle";
            return Err(Error::Unreadable(problem.to_owned()));
        }
        ordered.extend(ready.iter().filter_map(|name| tables.remove(name)));
    }
    Ok(ordered)
}
