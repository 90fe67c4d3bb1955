//! Pages of rows by id. Ids are ordered by time, so a page never moves while new rows come.

use super::Error;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// Empty: this was the last page.
    pub(crate) next_page_token: String,
}

impl<T> Page<T> {
    /// Of a list that is followed by its last row instead of a token.
    pub(crate) fn last(rows: Vec<T>) -> Self {
        Self {
            rows,
            next_page_token: String::new(),
        }
    }
}

/// Which page is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) size: u64,
    /// The last row of the page before.
    pub(crate) after: Option<Uuid>,
}

impl Ask {
    pub(crate) fn new(size: u64, page_token: &str) -> Result<Self, Error> {
        let after = match page_token {
            "" => None,
            token => Some(
                URL_SAFE_NO_PAD
                    .decode(token)
                    .ok()
                    .and_then(|bytes| Uuid::from_slice(&bytes).ok())
                    .ok_or(Error::BadPageToken)?,
            ),
        };
        Ok(Self { size, after })
    }

    /// One row more than the page has: it is how one knows that there is a next page.
    pub(super) fn limit(self) -> u64 {
        self.size + 1
    }

    pub(super) fn page<T>(self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next_page_token = rows
            .last()
            .filter(|_| more)
            .map(|row| URL_SAFE_NO_PAD.encode(id(row)))
            .unwrap_or_default();
        Page {
            rows,
            next_page_token,
        }
    }
}
