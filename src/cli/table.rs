//! Columns for people.

/// Rows under their heading, each column as wide as its widest cell.
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
        if self.rows.len() == 1 {
            return self.empty.to_owned();
        }
        let columns = self.rows[0].len();
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| width(&row[column])).max())
            .map(Option::unwrap_or_default)
            .collect();
        let lines: Vec<String> = self.rows.iter().map(|row| line(row, &widths)).collect();
        lines.join("\n")
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, column) in row.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', column - width(cell) + 2));
    }
    line.truncate(line.trim_end().len());
    line
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
}
