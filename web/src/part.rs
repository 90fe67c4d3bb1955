//! A page of a list that control sends whole, in order of names: a cursor is the last name before it.

use serde::Deserialize;

/// What the address of such a page says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    pub(crate) done: String,
}

pub(crate) struct Part<T> {
    pub(crate) rows: Vec<T>,
    /// Whether there are rows before these.
    pub(crate) later: bool,
    /// Empty: these are the last.
    pub(crate) next: String,
}

const ROWS: usize = 100;

impl<T> Part<T> {
    pub(crate) fn of(all: Vec<T>, cursor: &str, name: impl Fn(&T) -> &str) -> Self {
        let later = !cursor.is_empty();
        let mut rows = all;
        if later {
            rows.retain(|row| name(row) > cursor);
        }
        let more = rows.len() > ROWS;
        rows.truncate(ROWS);
        let last = rows.last().filter(|_| more).map(|row| name(row).to_owned());
        Self {
            rows,
            later,
            next: last.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_page() {
        let all: Vec<_> = (0..250).map(|number| format!("{number:03}")).collect();
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let part = Part::of(all.clone(), &cursor, String::as_str);
            assert_eq!(part.later, !cursor.is_empty());
            seen.extend(part.rows);
            if part.next.is_empty() {
                break;
            }
            cursor = part.next;
        }
        assert_eq!(seen, all);
    }
}
