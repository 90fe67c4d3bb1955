//! Keys that somebody names.

use crate::{
    error::{Error, Result},
    op::Op,
    store::{self, keys::StoredKey},
};
use std::collections::HashMap;
use uuid::Uuid;

/// By id or public id; a foreign one is not there.
pub(in crate::app) async fn named(
    db: &impl store::Reads,
    op: &Op,
    reference: &str,
) -> Result<StoredKey> {
    store::keys::find(db, reference)
        .await?
        .filter(|key| op.reaches(key.owner_id))
        .ok_or_else(|| Error::not_found("key", reference))
}

/// All of these, in their order. Ids are looked up together: a page of keys names all it has.
pub(in crate::app) async fn all_named(
    db: &impl store::Reads,
    op: &Op,
    references: &[String],
) -> Result<Vec<StoredKey>> {
    let ids = references.iter().flat_map(|text| Uuid::try_parse(text));
    let mut by_id: HashMap<_, _> = store::keys::by_ids(db, ids)
        .await?
        .into_iter()
        .map(|key| (key.id, key))
        .collect();
    let mut keys = Vec::with_capacity(references.len());
    for reference in references {
        let known = Uuid::try_parse(reference).ok();
        let known = known.and_then(|id| by_id.remove(&id));
        keys.push(match known.filter(|key| op.reaches(key.owner_id)) {
            Some(key) => key,
            // A public id, twice the same, or none at all.
            None => named(db, op, reference).await?,
        });
    }
    Ok(keys)
}
