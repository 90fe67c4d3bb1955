//! Keys that somebody names.

use super::label;
use crate::{
    error::{Error, Result},
    op::Op,
    store::{self, keys::StoredKey},
};
use std::collections::HashMap;
use uuid::Uuid;

/// By id, public id or name; a foreign one is not there.
pub(in crate::app) async fn named(
    db: &impl store::Reads,
    op: &Op,
    reference: &str,
) -> Result<StoredKey> {
    named_of(db, op.only_of(), reference).await
}

/// The same among the keys of one user, or of all.
pub(in crate::app) async fn named_of(
    db: &impl store::Reads,
    owner: Option<Uuid>,
    reference: &str,
) -> Result<StoredKey> {
    let theirs = |key: &StoredKey| owner.is_none_or(|owner| owner == key.owner_id);
    // What looks like a public id may be a name.
    let found = store::keys::find(db, reference).await?.filter(theirs);
    if let Some(key) = found {
        return Ok(key);
    }
    let mut keys = store::keys::two_of_name(db, owner, reference).await?;
    match (keys.pop(), keys.pop()) {
        (Some(key), None) => Ok(key),
        (Some(one), Some(other)) => Err(Error::conflict(format!(
            "several keys are named {reference:?}, {} and {} among them: name one by its id or public id",
            label(&one),
            label(&other)
        ))),
        (None, _) => Err(Error::not_found("key", shown(reference))),
    }
}

/// What may be a secret with a mistake in it is not repeated.
fn shown(reference: &str) -> &str {
    let longest_id = Uuid::nil().hyphenated().to_string().len();
    if reference.chars().count() > longest_id {
        return "…";
    }
    reference
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
            // A public id or a name, twice the same, or none at all.
            None => named(db, op, reference).await?,
        });
    }
    Ok(keys)
}
