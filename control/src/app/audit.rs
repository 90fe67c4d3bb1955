//! Audit events, read.

use super::{App, keys, paging};
use crate::{
    error::{Error, Result},
    store::{
        self,
        audit::{AuditEvent, OfKey},
        page::Page,
    },
};
use uuid::Uuid;

const MAX_PAGE: u32 = 1_000;

pub(crate) struct ListEvents {
    /// Only events after this one, oldest first. Unset: newest first.
    pub(crate) after: Option<Uuid>,
    pub(crate) key: Option<String>,
    pub(crate) page_size: u32,
    pub(crate) page_token: String,
}

impl App {
    pub(crate) async fn list_events(&self, ask: ListEvents) -> Result<Page<AuditEvent>> {
        let key = match &ask.key {
            Some(reference) => Some(self.events_of(reference).await?),
            None => None,
        };
        let db = self.store.db();
        let Some(after) = ask.after else {
            let page = paging::ask(ask.page_size, MAX_PAGE, &ask.page_token)?;
            return Ok(store::audit::list(db, key, page).await?);
        };
        if !ask.page_token.is_empty() {
            return Err(Error::invalid("page_token", "cannot be used with `after`"));
        }
        let size = paging::size(ask.page_size, MAX_PAGE)?;
        Ok(Page {
            rows: store::audit::list_after(db, key, after, size).await?,
            next_page_token: String::new(),
        })
    }

    /// A key that was deleted is still found by its id.
    async fn events_of(&self, reference: &str) -> Result<OfKey> {
        let key = store::keys::find(self.store.db(), reference).await?;
        match (key, Uuid::try_parse(reference)) {
            (Some(key), _) => Ok(OfKey {
                id: key.id,
                target: keys::label(&key),
            }),
            (None, Ok(id)) => Ok(OfKey {
                id,
                target: id.to_string(),
            }),
            (None, Err(_)) => Err(Error::not_found("key", reference)),
        }
    }
}
