//! Out of the database: every row of every table, in the order of primary keys, as one transaction sees
//! them. Nothing holds more than a page.

use super::{Table, tables};
use crate::{
    backup::Cell,
    store::{Error, Store, Tx},
};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use std::vec;

/// Rows that are read together. Definitions of tools may have some ten kilobytes each.
const PAGE: usize = 500;

pub(crate) struct Dump {
    tx: Tx,
    tables: vec::IntoIter<Table>,
}

/// The rest of one table.
pub(crate) struct Rows {
    table: Table,
    after: Option<Vec<Cell>>,
    done: bool,
}

impl Dump {
    pub(crate) async fn begin(store: &Store) -> Result<Self, Error> {
        let tx = store.read().await?;
        let tables = tables(&tx).await?.into_iter();
        Ok(Self { tx, tables })
    }

    pub(crate) fn tx(&self) -> &Tx {
        &self.tx
    }

    pub(crate) fn next_table(&mut self) -> Option<Rows> {
        let table = self.tables.next()?;
        Some(Rows {
            table,
            after: None,
            done: false,
        })
    }

    /// `None`: there are no more.
    pub(crate) async fn page(&self, rows: &mut Rows) -> Result<Option<Vec<Vec<Cell>>>, Error> {
        if rows.done {
            return Ok(None);
        }
        let statement = rows.statement(self.tx.get_database_backend())?;
        let found = self.tx.query_all_raw(statement).await?;
        rows.done = found.len() < PAGE;
        let columns = &rows.table.columns;
        let page = found.iter().map(|row| {
            let cells = columns.iter();
            let cells = cells.map(|column| column.kept.read(row, &column.name));
            cells.collect::<Result<Vec<_>, _>>()
        });
        let page: Vec<Vec<Cell>> = page.collect::<Result<_, _>>()?;
        if let Some(last) = page.last() {
            rows.after = Some(rows.key_of(last));
        }
        Ok(Some(page))
    }
}

impl Rows {
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        let columns = || self.table.columns.iter().zip(row);
        let key = self.table.primary_key.iter().filter_map(|name| {
            let (_, cell) = columns().find(|(column, _)| column.name == *name)?;
            Some(cell.clone())
        });
        key.collect()
    }

    fn statement(&self, backend: DbBackend) -> Result<Statement, Error> {
        let quoted = |names: &mut dyn Iterator<Item = &String>| {
            let names: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
            names.join(", ")
        };
        let columns = quoted(&mut self.table.columns.iter().map(|column| &column.name));
        let key = quoted(&mut self.table.primary_key.iter());
        let name = &self.table.name;
        let Some(after) = &self.after else {
            let sql = format!("SELECT {columns} FROM \"{name}\" ORDER BY {key} LIMIT {PAGE}");
            return Ok(Statement::from_string(backend, sql));
        };
        let places: Vec<_> = (1..=after.len()).map(|n| placeholder(backend, n)).collect();
        let sql = format!(
            "SELECT {columns} FROM \"{name}\" WHERE ({key}) > ({}) ORDER BY {key} LIMIT {PAGE}",
            places.join(", ")
        );
        let kept = self.table.primary_key.iter().filter_map(|name| {
            let mut columns = self.table.columns.iter();
            columns.find(|column| column.name == *name)
        });
        let values = kept
            .zip(after)
            .map(|(column, cell)| column.kept.value(cell.clone()));
        let values: Option<Vec<_>> = values.collect();
        let values = values.ok_or_else(|| Error::Unreadable(format!("a key of {name}")))?;
        Ok(Statement::from_sql_and_values(backend, sql, values))
    }
}

pub(super) fn placeholder(backend: DbBackend, n: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("${n}"),
        _ => "?".to_owned(),
    }
}
