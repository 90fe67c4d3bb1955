//! Long lists on their way to a file, page by page: nothing holds more than one page.

use super::csv;
use crate::{failure::Failure, output};
use serde::Serialize;
use std::ops::ControlFlow;

/// An id that is less than all others: a list that is asked for after it begins with the oldest.
pub(crate) const BEFORE_ALL: &str = "00000000-0000-0000-0000-000000000000";

/// What an exported list is made of.
pub(crate) trait Exported: Serialize {
    /// Heading of the columns in CSV.
    const COLUMNS: &'static [&'static str];

    /// In the order of [`Self::COLUMNS`].
    fn cells(&self) -> Vec<String>;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One object per line.
    JsonLines,
    /// One array.
    Json,
    Csv,
}

/// A list that is written while it is read.
pub(crate) struct Export {
    form: Form,
    rows: u64,
}

impl Export {
    /// Writes what comes before the rows.
    pub(crate) fn begin<T: Exported>(form: Form) -> Result<Self, Failure> {
        match form {
            Form::JsonLines => {}
            Form::Json => output::line("[")?,
            Form::Csv => output::line(&csv::line(T::COLUMNS.iter().copied()))?,
        }
        Ok(Self { form, rows: 0 })
    }

    /// Breaks when nobody reads any more, as `head` does.
    pub(crate) fn page<T: Exported>(&mut self, rows: &[T]) -> Result<ControlFlow<()>, Failure> {
        let mut text = String::new();
        for row in rows {
            text.push_str(&self.row(row)?);
            self.rows += 1;
        }
        output::pour(&text)
    }

    fn row<T: Exported>(&self, row: &T) -> Result<String, Failure> {
        let json = || {
            serde_json::to_string(row)
                .map_err(|error| Failure::new("cannot write a row").because(&error))
        };
        Ok(match self.form {
            Form::JsonLines => json()? + "\n",
            Form::Json if self.rows == 0 => json()?,
            Form::Json => format!(",\n{}", json()?),
            Form::Csv => csv::line(row.cells().iter().map(String::as_str)) + "\n",
        })
    }

    /// Writes what comes after the rows.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match self.form {
            Form::Json if self.rows == 0 => output::line("]"),
            Form::Json => output::line("\n]"),
            Form::JsonLines | Form::Csv => Ok(()),
        }
    }
}
