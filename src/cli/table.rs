//! Columns for people.

use crate::output;
use std::borrow::Cow;

/// What is always left of a column that is made narrower.
const NARROWEST: usize = 6;
const GAP: usize = 2;

/// Rows under their heading, each column as wide as its widest cell; on a terminal the widest are cut until
/// all fit. Programs get everything.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    empty: &'static str,
}

impl Table {
    /// `empty` is said instead of a table without rows.
    pub(crate) fn new<const N: usize>(heading: [&str; N], empty: &'static str) -> Self {
        Self {
            rows: vec![heading.map(str::to_owned).into()],
            empty,
        }
    }

    /// As [`Self::new`], where it depends on what was asked which columns there are.
    pub(crate) fn with_columns(heading: Vec<&str>, empty: &'static str) -> Self {
        Self {
            rows: vec![heading.into_iter().map(str::to_owned).collect()],
            empty,
        }
    }

    /// Each has as many cells as there are columns.
    #[must_use]
    pub(crate) fn add(mut self, rows: impl Iterator<Item = Vec<String>>) -> Self {
        self.rows.extend(rows);
        self
    }

    #[must_use]
    pub(crate) fn rows<const N: usize>(
        mut self,
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        self.rows.extend(rows.into_iter().map(Vec::from));
        self
    }

    pub(crate) fn text(&self) -> String {
        self.within(output::columns())
    }

    fn within(&self, limit: Option<usize>) -> String {
        if self.rows.len() == 1 {
            return self.empty.to_owned();
        }
        let columns = self.rows[0].len();
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| width(&row[column])).max())
            .map(Option::unwrap_or_default)
            .collect();
        if let Some(limit) = limit {
            narrow(&mut widths, limit);
        }
        let lines: Vec<String> = self.rows.iter().map(|row| line(row, &widths)).collect();
        lines.join("\n")
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, column) in row.iter().zip(widths) {
        let cell = cut(cell, *column);
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', column - width(&cell) + GAP));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Takes from the widest, so that what is short stays whole.
fn narrow(widths: &mut [usize], limit: usize) {
    while widths.iter().map(|width| width + GAP).sum::<usize>() > limit + GAP {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

fn cut(cell: &str, column: usize) -> Cow<'_, str> {
    if width(cell) <= column {
        return cell.into();
    }
    let kept: String = cell.chars().take(column - 1).collect();
    format!("{kept}…").into()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// `name: value` lines, for one thing.
pub(crate) fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<String> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:<13} {value}"))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let table = Table::new(["NAME", "STATE"], "nothing").rows([
            ["é".to_owned(), "ok".to_owned()],
            ["longer".to_owned(), "ok".to_owned()],
        ]);
        assert_eq!(table.text(), "NAME    STATE\né       ok\nlonger  ok");
        assert_eq!(Table::new(["NAME"], "nothing").text(), "nothing");
    }

    #[test]
    fn what_is_too_wide_is_cut_where_it_is_widest() {
        let row = ["short", "as long as it is", "another that is long"].map(str::to_owned);
        let table = Table::new(["A", "B", "C"], "nothing").rows([row]);
        assert!(table.within(None).ends_with("another that is long"));
        let text = table.within(Some(30));
        assert_eq!(text.lines().last(), Some("short  as long as…  another t…"));
        let narrowest = "short  as lo…  anoth…";
        assert_eq!(table.within(Some(3)).lines().last(), Some(narrowest));
        let whole = table.within(None).lines().last().map(width);
        assert_eq!(table.within(whole), table.within(None));
    }
}
