//! What is kept of the arguments of calls.

use crate::store::{
    Error, Reads, Tx,
    entity::{
        audit_arguments::{Column, Entity, Model},
        audit_events,
    },
};
use ring::digest::{SHA256, digest};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder as _, QuerySelect as _, prelude::*};
use std::fmt::Write as _;

/// The member of an event's detail that has the digest, so that the event's chain covers what is kept.
pub(in crate::store) const KEPT: &str = "kept_arguments";

pub(crate) struct Kept {
    /// `<upstream>.<tool>`.
    pub(crate) target: String,
    pub(crate) arguments: String,
    pub(crate) cut: bool,
    /// Whether they are what the event says.
    pub(crate) intact: bool,
}

/// Of one event.
pub(crate) async fn find(db: &impl Reads, event: Uuid) -> Result<Option<Kept>, Error> {
    let Some(Model { arguments, cut, .. }) = Entity::find_by_id(event).one(db).await? else {
        return Ok(None);
    };
    let event = audit_events::Entity::find()
        .filter(audit_events::Column::Id.eq(event))
        .one(db)
        .await?;
    let said = event
        .as_ref()
        .and_then(|event| event.detail.as_deref())
        .and_then(|detail| serde_json::from_str::<Json>(detail).ok());
    let said = said.as_ref().and_then(|detail| detail[KEPT].as_str());
    Ok(Some(Kept {
        target: event.and_then(|event| event.target).unwrap_or_default(),
        intact: said == Some(&hash(&arguments)),
        arguments,
        cut,
    }))
}

/// Removes the oldest of before an id, `limit` or fewer. Gives how many.
pub(crate) async fn prune(tx: &Tx, until: Uuid, limit: u64) -> Result<u64, Error> {
    let oldest: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::EventId)
        .filter(Column::EventId.lt(until))
        .order_by_asc(Column::EventId)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    let Some(last) = oldest.last() else {
        return Ok(0);
    };
    let gone = Entity::delete_many().filter(Column::EventId.lte(*last));
    Ok(gone.exec(tx).await?.rows_affected)
}

/// Lower-case hex.
pub(crate) fn hash(arguments: &str) -> String {
    let digest = digest(&SHA256, arguments.as_bytes());
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
