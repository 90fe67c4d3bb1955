//! How much of a list one answer holds.

use crate::{
    error::{Error, Result},
    store::page::Ask,
};
use uuid::Uuid;

const DEFAULT: u32 = 100;
/// Of events and records, which are small and many.
const MAX_RECORDS: u32 = 1_000;

fn size(asked: u32, max: u32) -> Result<u64> {
    match asked {
        0 => Ok(DEFAULT.into()),
        n if n <= max => Ok(n.into()),
        _ => Err(Error::invalid("page_size", format!("is more than {max}"))),
    }
}

pub(super) fn ask(asked: u32, max: u32, page_token: &str) -> Result<Ask> {
    Ok(Ask::new(size(asked, max)?, page_token)?)
}

/// Where in a list of events or records an answer is to begin.
pub(crate) struct Place {
    /// Only what comes after this one, oldest first. Unset: newest first.
    pub(crate) after: Option<Uuid>,
    pub(crate) page_size: u32,
    pub(crate) page_token: String,
}

pub(super) enum Direction {
    /// Newest first.
    Back(Ask),
    /// Oldest first.
    Forth { after: Uuid, size: u64 },
}

impl Place {
    pub(super) fn direction(&self) -> Result<Direction> {
        let Some(after) = self.after else {
            return ask(self.page_size, MAX_RECORDS, &self.page_token).map(Direction::Back);
        };
        if !self.page_token.is_empty() {
            return Err(Error::invalid("page_token", "cannot be used with `after`"));
        }
        let size = size(self.page_size, MAX_RECORDS)?;
        Ok(Direction::Forth { after, size })
    }
}
