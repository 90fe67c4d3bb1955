//! Usage records, read.

use super::{App, paging};
use crate::{
    error::{Error, Result},
    store::{self, page::Page, usage::UsageRecord},
};
use uuid::Uuid;

const MAX_PAGE: u32 = 1_000;

impl App {
    pub(crate) async fn list_usage(
        &self,
        key: Option<&str>,
        upstream: Option<&str>,
        page_size: u32,
        page_token: &str,
    ) -> Result<Page<UsageRecord>> {
        let ask = paging::ask(page_size, MAX_PAGE, page_token)?;
        if let Some(name) = upstream.filter(|name| name.contains('\0')) {
            return Err(Error::not_found("upstream", name));
        }
        let key = match key {
            Some(reference) => Some(self.key_id(reference).await?),
            None => None,
        };
        Ok(store::usage::list(self.store.db(), key, upstream, ask).await?)
    }

    /// A key that was deleted is still found by its id.
    async fn key_id(&self, reference: &str) -> Result<Uuid> {
        if let Ok(id) = Uuid::try_parse(reference) {
            return Ok(id);
        }
        store::keys::find(self.store.db(), reference)
            .await?
            .map(|key| key.id)
            .ok_or_else(|| Error::not_found("key", reference))
    }
}
