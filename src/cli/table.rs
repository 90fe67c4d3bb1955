//! Columns for people.

use crate::{output, printable::one_line};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What is left of a column that is made narrower, as long as that is enough.
const NARROW: usize = 6;
/// What is left of it in any case: a character, and that there were more.
const NARROWEST: usize = 2;
const GAP: usize = 2;

/// Rows under their heading, each column as wide as its widest cell; on a terminal the widest are cut until
/// all fit, and the first, which says what a row is about, only when that is not enough. Programs get
/// everything. What others wrote into a cell stays in it.
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
        self.rows.extend(rows.map(cells));
        self
    }

    #[must_use]
    pub(crate) fn rows<const N: usize>(
        mut self,
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        let rows = rows.into_iter().map(Vec::from);
        self.rows.extend(rows.map(cells));
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

fn cells(row: Vec<String>) -> Vec<String> {
    let cells = row.into_iter();
    cells.map(|cell| one_line(&cell).into_owned()).collect()
}

/// Takes from the widest, so that what is short stays whole.
fn narrow(widths: &mut [usize], limit: usize) {
    let (first, rest) = widths.split_at_mut(1);
    let limit = limit + GAP;
    let used = |columns: &[usize]| columns.iter().map(|width| width + GAP).sum::<usize>();
    for least in [NARROW, NARROWEST] {
        shrink(rest, limit.saturating_sub(used(first)), least);
        shrink(first, limit.saturating_sub(used(rest)), least);
    }
}

/// To columns that take up to `limit` together with their gaps, as far as `least` lets them.
fn shrink(columns: &mut [usize], limit: usize, least: usize) {
    while columns.iter().map(|width| width + GAP).sum::<usize>() > limit {
        match columns.iter_mut().max() {
            Some(widest) if *widest > least => *widest -= 1,
            _ => return,
        }
    }
}

fn cut(cell: &str, column: usize) -> Cow<'_, str> {
    if width(cell) <= column {
        return cell.into();
    }
    let mut left = column.saturating_sub(1);
    let kept = cell.chars().take_while(|c| {
        let room = left.checked_sub(c.width().unwrap_or_default());
        left = room.unwrap_or_default();
        room.is_some()
    });
    format!("{}…", kept.collect::<String>()).into()
}

/// In columns of a terminal: some characters take two, some none.
fn width(cell: &str) -> usize {
    cell.width()
}

/// `name: value` lines, for one thing.
pub(crate) fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<String> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:<13} {}", one_line(&value)))
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

    fn lines(table: &Table, limit: usize) -> Vec<String> {
        let text = table.within(Some(limit));
        text.lines().skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn a_row_is_one_line() {
        let cell = "x\n2026 \u{1b}[2J".to_owned();
        let table = Table::new(["NAME"], "nothing").rows([[cell.clone()]]);
        assert_eq!(table.text(), "NAME\nx\\n2026 \\u{1b}[2J");
        assert_eq!(
            fields([("name", cell)]),
            "name          x\\n2026 \\u{1b}[2J"
        );
    }

    #[test]
    fn a_character_that_takes_two_columns_counts_as_two() {
        let row = ["日本語の名前", "e\u{301}"].map(str::to_owned);
        let table = Table::new(["A", "B"], "nothing").rows([row]);
        assert_eq!(lines(&table, 80), ["日本語の名前  e\u{301}"]);
        assert_eq!(lines(&table, 12), ["日本語の…  e\u{301}"]);
        assert_eq!(lines(&table, 11), ["日本語…   e\u{301}"]);
    }

    #[test]
    fn what_is_too_wide_is_cut_where_it_is_widest() {
        let row = ["short", "as long as it is", "another that is long"].map(str::to_owned);
        let table = Table::new(["A", "B", "C"], "nothing").rows([row]);
        assert!(table.within(None).ends_with("another that is long"));
        let text = table.within(Some(30));
        assert_eq!(text.lines().last(), Some("short  as long as…  another t…"));
        // What a row is about stays as long as there is anything else to cut.
        assert_eq!(lines(&table, 21), ["short  as lo…  anoth…"]);
        assert_eq!(lines(&table, 17), ["short  as …  ano…"]);
        assert_eq!(lines(&table, 3), ["s…  a…  a…"]);
        let whole = table.within(None).lines().last().map(width);
        assert_eq!(table.within(whole), table.within(None));
    }
}
