//! A backup that is being read. Nothing of it is believed before its hash was seen, so it is read twice:
//! once to the end, by [`inspect`], and then for its rows.

use super::{Cell, EndLine, FORM, Header, Kind, LastLine, Summary, TableLine, TableSummary, hex};
use ring::digest::{Context, SHA256};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fmt,
    io::{BufRead, Read as _},
};

/// Of one line. The largest are definitions of tools, which come in messages that are smaller.
const MAX_LINE: u64 = 256 << 20;

/// Why a file is not a backup that can be used.
#[derive(Debug)]
pub struct Damage {
    /// From 1.
    pub line: u64,
    pub table: Option<String>,
    pub problem: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(table) = &self.table {
            write!(f, ", in the table {table}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for Damage {}

/// What comes next.
pub(crate) enum Part {
    Table {
        name: String,
        columns: Vec<(String, Kind)>,
    },
    Row(Vec<Cell>),
    EndOfTable,
}

pub(crate) struct Reader<R> {
    lines: Lines<R>,
    header: Header,
    all: Context,
    table: Option<Open>,
    tables: Vec<TableSummary>,
    rows: u64,
    end: Option<String>,
}

struct Lines<R> {
    from: R,
    /// Of the one that was read last, from 1.
    number: u64,
}

struct Open {
    name: String,
    kinds: Vec<Kind>,
    rows: u64,
    digest: Context,
}

/// Reads all of it and says what it is, if it is whole.
pub fn inspect(from: impl BufRead) -> Result<Summary, Damage> {
    let mut reader = Reader::open(from)?;
    while reader.next()?.is_some() {}
    reader.summary()
}

impl<R: BufRead> Reader<R> {
    pub(crate) fn open(from: R) -> Result<Self, Damage> {
        let mut lines = Lines { from, number: 0 };
        let line = lines.next()?;
        let header: Header = serde_json::from_slice(&line).map_err(|_| {
            lines.damage("this is not a backup of Ostia, or its first line is damaged")
        })?;
        if header.ostia_backup != FORM {
            let problem = format!("a newer Ostia wrote it: this one reads the form {FORM}");
            return Err(lines.damage(problem));
        }
        let mut all = Context::new(&SHA256);
        all.update(&line);
        Ok(Self {
            lines,
            header,
            all,
            table: None,
            tables: Vec::new(),
            rows: 0,
            end: None,
        })
    }

    /// `None`: it was whole, to its end.
    pub(crate) fn next(&mut self) -> Result<Option<Part>, Damage> {
        if self.end.is_some() {
            return Ok(None);
        }
        let line = self.line()?;
        let Some(table) = &mut self.table else {
            return self.between_tables(&line);
        };
        if line.first() == Some(&b'[') {
            let values = serde_json::from_slice::<Vec<Value>>(&line).ok();
            let values = values.filter(|values| values.len() == table.kinds.len());
            let cells = values.and_then(|values| {
                let cells = table.kinds.iter().zip(values);
                cells
                    .map(|(kind, value)| Cell::from_json(*kind, value))
                    .collect::<Option<Vec<_>>>()
            });
            table.digest.update(&line);
            table.rows += 1;
            self.all.update(&line);
            return match cells {
                Some(cells) => Ok(Some(Part::Row(cells))),
                None => Err(self.damage("the row is damaged")),
            };
        }
        self.all.update(&line);
        let end: EndLine = self.parse(&line)?;
        let Some(table) = self.table.take() else {
            return Ok(None);
        };
        let sha256 = hex(table.digest);
        if end.end != table.name || end.rows != table.rows || end.sha256 != sha256 {
            let problem = format!(
                "the table is not as it was written: {} rows with the hash {sha256}, and not {} with {}",
                table.rows, end.rows, end.sha256
            );
            let mut damage = self.damage(problem);
            damage.table = Some(table.name);
            return Err(damage);
        }
        self.rows += table.rows;
        self.tables.push(TableSummary {
            table: table.name,
            rows: table.rows,
            sha256,
        });
        Ok(Some(Part::EndOfTable))
    }

    fn between_tables(&mut self, line: &[u8]) -> Result<Option<Part>, Damage> {
        if line.starts_with(b"{\"table\":") {
            let TableLine { table, columns } = self.parse(line)?;
            let mut digest = Context::new(&SHA256);
            digest.update(line);
            self.all.update(line);
            self.table = Some(Open {
                name: table.clone(),
                kinds: columns.iter().map(|(_, kind)| *kind).collect(),
                rows: 0,
                digest,
            });
            return Ok(Some(Part::Table {
                name: table,
                columns,
            }));
        }
        let last: LastLine = self.parse(line)?;
        let sha256 = hex(self.all.clone());
        let (tables, rows) = (self.tables.len(), self.rows);
        if last.sha256 != sha256 || last.tables != tables || last.rows != rows {
            return Err(self.damage("the backup is not as it was written: its hash is another one"));
        }
        let mut more = [0];
        if self
            .lines
            .from
            .read(&mut more)
            .map_err(|error| self.damage(error))?
            != 0
        {
            self.lines.number += 1;
            return Err(self.damage("something comes after the end"));
        }
        if last.end_of_backup != FORM {
            return Err(self.damage("the line is damaged"));
        }
        self.end = Some(sha256);
        Ok(None)
    }

    /// Once [`Self::next`] came to the end.
    pub(crate) fn summary(self) -> Result<Summary, Damage> {
        match self.end {
            Some(sha256) => Ok(Summary {
                header: self.header,
                tables: self.tables,
                rows: self.rows,
                sha256,
            }),
            None => Err(self.damage("it was not read to its end")),
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Damage> {
        let line = self.lines.next();
        line.map_err(|damage| self.within(damage))
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, Damage> {
        serde_json::from_slice(line).map_err(|_| self.damage("the line is damaged"))
    }

    pub(crate) fn damage(&self, problem: impl fmt::Display) -> Damage {
        self.within(self.lines.damage(problem))
    }

    fn within(&self, damage: Damage) -> Damage {
        let table = self.table.as_ref().map(|table| table.name.clone());
        Damage { table, ..damage }
    }
}

impl<R: BufRead> Lines<R> {
    /// With its end.
    fn next(&mut self) -> Result<Vec<u8>, Damage> {
        self.number += 1;
        let mut line = Vec::new();
        let read = (&mut self.from).take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| self.damage(error))?;
        if line.last() != Some(&b'\n') {
            return Err(self.damage("the file ends here, and the backup does not"));
        }
        Ok(line)
    }

    fn damage(&self, problem: impl fmt::Display) -> Damage {
        Damage {
            line: self.number,
            table: None,
            problem: problem.to_string(),
        }
    }
}
