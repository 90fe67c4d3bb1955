//! Usage records, read and added up.

mod summary;

pub(crate) use summary::{Row, SummarizeUsage};

use super::{App, criteria::Criteria, paging};
use crate::{
    error::Result,
    store::{self, page::Page, usage::UsageRecord},
};

pub(crate) struct ListUsage {
    pub(crate) criteria: Criteria,
    pub(crate) place: paging::Place,
}

impl App {
    pub(crate) async fn list_usage(&self, ask: ListUsage) -> Result<Page<UsageRecord>> {
        let narrow = self.narrow(&ask.criteria).await?;
        let db = self.store.db();
        match ask.place.direction()? {
            paging::Direction::Back(page) => Ok(store::usage::list(db, &narrow, page).await?),
            paging::Direction::Forth { after, size } => {
                let rows = store::usage::list_after(db, &narrow, after, size).await?;
                Ok(Page::last(rows))
            }
        }
    }
}
