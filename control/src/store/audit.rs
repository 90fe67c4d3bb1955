//! Audit events: writing one for a change, and reading all.

use super::{
    Error, Tx,
    entity::audit_events::{ActiveModel, Column, Entity, Model},
    page::{Ask, Page},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::*,
};

pub(crate) type AuditEvent = Model;

/// A change that was made, as audit tells it.
pub(crate) struct NewChange<'a> {
    pub(crate) at: Timestamp,
    pub(crate) request_id: Uuid,
    pub(crate) actor: &'a str,
    /// `<resource>.<verb>`.
    pub(crate) action: &'static str,
    pub(crate) target: &'a str,
    /// An object without secrets.
    pub(crate) detail: Json,
}

pub(crate) async fn insert_change(tx: &Tx, change: NewChange<'_>) -> Result<(), Error> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        at_us: Set(change.at.timestamp_micros()),
        request_id: Set(change.request_id),
        actor: Set(change.actor.to_owned()),
        key_id: Set(None),
        user_id: Set(None),
        action: Set(change.action.to_owned()),
        target: Set(Some(change.target.to_owned())),
        outcome: Set(ostia_domain::usage::Outcome::Ok.as_str().to_owned()),
        error: Set(None),
        rule: Set(None),
        arguments_digest: Set(None),
        duration_us: Set(0),
        remote_address: Set(None),
        client: Set(None),
        detail: Set(Some(change.detail.to_string())),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Which key's events are asked for: those it caused, and the changes made to it.
pub(crate) struct OfKey {
    pub(crate) id: Uuid,
    /// What changes call it.
    pub(crate) target: String,
}

/// Newest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    key: Option<OfKey>,
    ask: Ask,
) -> Result<Page<AuditEvent>, Error> {
    let mut query = of_key(key).order_by_desc(Column::Id).limit(ask.limit());
    if let Some(after) = ask.after {
        query = query.filter(Column::Id.lt(after));
    }
    Ok(ask.page(query.all(db).await?, |row| row.id))
}

/// Oldest first, from one on.
pub(crate) async fn list_after(
    db: &impl ConnectionTrait,
    key: Option<OfKey>,
    after: Uuid,
    size: u64,
) -> Result<Vec<AuditEvent>, Error> {
    let query = of_key(key)
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(size);
    Ok(query.all(db).await?)
}

fn of_key(key: Option<OfKey>) -> Select<Entity> {
    match key {
        None => Entity::find(),
        Some(key) => Entity::find().filter(
            Condition::any()
                .add(Column::KeyId.eq(key.id))
                .add(Column::Target.eq(key.target)),
        ),
    }
}
