//! A backup that is being written.

use super::{Cell, EndLine, FORM, Header, Kind, LastLine, TableLine, hex};
use ring::digest::{Context, SHA256};
use serde::Serialize;
use serde_json::Value;

/// Makes the lines in their order and keeps count. Whoever calls it sends them away.
pub(crate) struct Writer {
    all: Context,
    table: Context,
    name: String,
    table_rows: u64,
    tables: usize,
    rows: u64,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            all: Context::new(&SHA256),
            table: Context::new(&SHA256),
            name: String::new(),
            table_rows: 0,
            tables: 0,
            rows: 0,
        }
    }
}

type Result<T, E = serde_json::Error> = std::result::Result<T, E>;

impl Writer {
    pub(crate) fn header(&mut self, header: &Header) -> Result<Vec<u8>> {
        let line = line(header)?;
        self.all.update(&line);
        Ok(line)
    }

    pub(crate) fn table(&mut self, name: &str, columns: Vec<(String, Kind)>) -> Result<Vec<u8>> {
        let line = line(&TableLine {
            table: name.to_owned(),
            columns,
        })?;
        name.clone_into(&mut self.name);
        self.table = Context::new(&SHA256);
        self.table_rows = 0;
        self.table.update(&line);
        self.all.update(&line);
        Ok(line)
    }

    /// Adds a row to what was not sent yet.
    pub(crate) fn row(&mut self, text: &mut Vec<u8>, row: &[Cell]) -> Result<()> {
        let row: Vec<Value> = row.iter().map(Cell::to_json).collect();
        let line = line(&row)?;
        self.table.update(&line);
        self.all.update(&line);
        self.table_rows += 1;
        text.extend(line);
        Ok(())
    }

    pub(crate) fn end_of_table(&mut self) -> Result<Vec<u8>> {
        let digest = std::mem::replace(&mut self.table, Context::new(&SHA256));
        let line = line(&EndLine {
            end: std::mem::take(&mut self.name),
            rows: self.table_rows,
            sha256: hex(digest),
        })?;
        self.tables += 1;
        self.rows += self.table_rows;
        self.all.update(&line);
        Ok(line)
    }

    pub(crate) fn end(&mut self) -> Result<Vec<u8>> {
        line(&LastLine {
            end_of_backup: FORM,
            tables: self.tables,
            rows: self.rows,
            sha256: hex(self.all.clone()),
        })
    }
}

fn line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
