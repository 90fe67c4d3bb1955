//! What happened to a key, and who used it lately: for whoever may see the key, its owner among them.

use super::{label, named};
use crate::{
    app::{App, paging},
    error::Result,
    op::Op,
    store::{
        audit::{AuditEvent, of_key},
        page::Page,
    },
};
use std::collections::HashMap;

const MAX_PAGE: u32 = 500;
/// Events that say who used a key lately.
const LATELY: u64 = 200;

pub(crate) struct KeyEvents {
    pub(crate) changes: Page<AuditEvent>,
    /// The latest first.
    pub(crate) uses: Vec<KeyUse>,
}

/// From one address, by one client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    pub(crate) address: String,
    pub(crate) client: String,
    pub(crate) last_us: i64,
    pub(crate) requests: u64,
}

impl App {
    pub(crate) async fn key_events(
        &self,
        op: &Op,
        reference: &str,
        page_size: u32,
        page_token: &str,
    ) -> Result<KeyEvents> {
        let ask = paging::ask(page_size, MAX_PAGE, page_token)?;
        let read = self.store.read().await?;
        let key = named(&read, op, reference).await?;
        let changes = of_key::changes(&read, &label(&key), ask).await?;
        let lately = match ask.after {
            None => of_key::uses(&read, (key.owner_id, key.id), LATELY).await?,
            Some(_) => Vec::new(),
        };
        Ok(KeyEvents {
            changes,
            uses: uses(lately),
        })
    }
}

/// `lately` is newest first.
fn uses(lately: Vec<of_key::Use>) -> Vec<KeyUse> {
    let mut uses: Vec<KeyUse> = Vec::new();
    let mut places = HashMap::new();
    for one in lately {
        let address = one.remote_address.unwrap_or_default();
        let client = one.client.unwrap_or_default();
        let place = *places
            .entry((address.clone(), client.clone()))
            .or_insert(uses.len());
        match uses.get_mut(place) {
            Some(found) => {
                found.requests += 1;
                // Ids are ordered by time, but for what edges that do not agree on it made.
                found.last_us = found.last_us.max(one.at_us);
            }
            None => uses.push(KeyUse {
                address,
                client,
                last_us: one.at_us,
                requests: 1,
            }),
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(at_us: i64, address: &str, client: Option<&str>) -> of_key::Use {
        of_key::Use {
            at_us,
            remote_address: Some(address.to_owned()),
            client: client.map(str::to_owned),
        }
    }

    #[test]
    fn who_used_it_is_told_once_and_the_latest_first() {
        let found = uses(vec![
            one(5, "10.0.0.1", Some("cursor")),
            one(4, "10.0.0.2", Some("cursor")),
            one(6, "10.0.0.1", Some("cursor")),
            one(1, "10.0.0.1", None),
        ]);
        let told = |address: &str, client: &str, last_us, requests| KeyUse {
            address: address.to_owned(),
            client: client.to_owned(),
            last_us,
            requests,
        };
        assert_eq!(
            found,
            [
                told("10.0.0.1", "cursor", 6, 2),
                told("10.0.0.2", "cursor", 4, 1),
                told("10.0.0.1", "", 1, 1),
            ]
        );
    }
}
