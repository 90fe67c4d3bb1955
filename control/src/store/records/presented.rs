//! Keys that were refused to somebody who had a secret of theirs.

use crate::store::{
    Error, Tx,
    entity::api_keys::{Column, Entity},
};
use ostia_domain::{audit::CallRecord, code::Code, key::PublicId};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashMap;
use uuid::Uuid;

/// Id and owner by public id.
pub(super) struct Presented(HashMap<String, (Uuid, Uuid)>);

impl Presented {
    /// One statement, and none where nothing was refused so.
    pub(super) async fn of(tx: &Tx, records: &[&CallRecord]) -> Result<Self, Error> {
        let mut wanted: Vec<_> = records.iter().filter_map(|record| proved(record)).collect();
        if wanted.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let found: Vec<(String, Uuid, Uuid)> = Entity::find()
            .select_only()
            .columns([Column::PublicId, Column::Id, Column::OwnerId])
            .filter(Column::PublicId.is_in(wanted))
            .into_tuple()
            .all(tx)
            .await?;
        let found = found
            .into_iter()
            .map(|(public, key, owner)| (public, (key, owner)));
        Ok(Self(found.collect()))
    }

    /// The key of a record and its owner, whether it was let in or not.
    pub(super) fn ids(&self, record: &CallRecord) -> Option<(Uuid, Uuid)> {
        match &record.caller {
            Some(caller) => Some((caller.key_id, caller.owner_id)),
            None => self.0.get(&proved(record)?).copied(),
        }
    }
}

/// Anybody may name a key: what they say is not put on its account.
fn proved(record: &CallRecord) -> Option<String> {
    let code = Code::parse(record.error?)?;
    let presented = PublicId::parse(record.presented_key.as_deref()?)?;
    (record.caller.is_none() && code.proves_a_secret()).then(|| presented.as_str().to_owned())
}
