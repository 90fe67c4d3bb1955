//! Usage records, read and added up.

mod kept;
mod summary;

pub(crate) use summary::{Kept, Row, SummarizeUsage};

use super::{App, criteria::Criteria, paging};
use crate::{
    error::Result,
    store::{
        self,
        names::{self, Names},
        page::Page,
        usage::UsageRecord,
    },
};

pub(crate) struct ListUsage {
    pub(crate) criteria: Criteria,
    pub(crate) place: paging::Place,
}

pub(crate) struct Listed {
    pub(crate) page: Page<UsageRecord>,
    pub(crate) owners: Names,
}

impl App {
    pub(crate) async fn list_usage(&self, ask: ListUsage) -> Result<Listed> {
        let narrow = self.narrow(&ask.criteria).await?;
        let db = self.store.db();
        let page = match ask.place.direction()? {
            paging::Direction::Back(page) => store::usage::list(db, &narrow, page).await?,
            paging::Direction::Forth { after, size } => {
                Page::last(store::usage::list_after(db, &narrow, after, size).await?)
            }
        };
        let owners = page.rows.iter().filter_map(|record| record.owner_id);
        let owners = names::of_users(db, owners).await?;
        Ok(Listed { page, owners })
    }
}
