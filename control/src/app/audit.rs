//! Audit events, read.

use super::{
    App,
    criteria::{self, Criteria},
    paging,
};
use crate::{
    error::Result,
    store::{
        self,
        audit::{AuditEvent, Wanted},
        page::Page,
    },
};

pub(crate) struct ListEvents {
    pub(crate) criteria: Criteria,
    /// With `*` at its end, all that begin so.
    pub(crate) action: Option<String>,
    pub(crate) place: paging::Place,
}

impl App {
    pub(crate) async fn list_events(&self, ask: ListEvents) -> Result<Page<AuditEvent>> {
        let wanted = Wanted {
            narrow: self.narrow(&ask.criteria).await?,
            action: criteria::text("action", ask.action.as_deref())?,
        };
        let db = self.store.db();
        match ask.place.direction()? {
            paging::Direction::Back(page) => Ok(store::audit::list(db, &wanted, page).await?),
            paging::Direction::Forth { after, size } => {
                let rows = store::audit::list_after(db, &wanted, after, size).await?;
                Ok(Page::last(rows))
            }
        }
    }
}
