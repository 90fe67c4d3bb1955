//! Plans.

use super::{
    Error, Tx,
    entity::plans::{ActiveModel, Column, Entity, Model},
    reference,
};
use ostia_domain::{clock::Timestamp, plan::Plan};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::num::NonZeroU32;

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<Plan>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<Plan>, Error> {
    let by = reference::by(reference, Column::Id, Column::Name);
    let row = Entity::find().filter(by).one(db).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn insert(tx: &Tx, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    let number = |value: Option<NonZeroU32>| Set(value.map(|n| i64::from(n.get())));
    let row = ActiveModel {
        id: Set(plan.id),
        name: Set(plan.name.clone()),
        calls_per_minute: number(plan.calls_per_minute),
        burst: number(plan.burst),
        max_in_flight: number(plan.max_in_flight),
        created_at: Set(now),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Fails with [`Error::Referenced`] while a key has it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

impl TryFrom<Model> for Plan {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let number = |value: Option<i64>| match value {
            None => Ok(None),
            Some(n) => u32::try_from(n)
                .ok()
                .and_then(NonZeroU32::new)
                .map(Some)
                .ok_or_else(|| Error::Unreadable(format!("plan {}", row.id))),
        };
        Ok(Self {
            id: row.id,
            calls_per_minute: number(row.calls_per_minute)?,
            burst: number(row.burst)?,
            max_in_flight: number(row.max_in_flight)?,
            name: row.name,
        })
    }
}
