//! Plans.

use super::{
    Error, Tx,
    entity::plans::{ActiveModel, Column, Entity, Model},
    reference,
};
use ostia_domain::{
    clock::Timestamp,
    plan::{Limits, Plan},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::num::{NonZeroU32, NonZeroU64};

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<Plan>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// For the snapshot: a plan that cannot be read is left out, and whoever it limits is refused.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<Vec<Plan>, Error> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db).await?;
    let readable = rows.into_iter().filter_map(|row| {
        Plan::try_from(row)
            .inspect_err(
                |error| tracing::error!(%error, "a plan is left out: its keys are refused"),
            )
            .ok()
    });
    Ok(readable.collect())
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
    let limits = plan.limits;
    let row = ActiveModel {
        id: Set(plan.id),
        name: Set(plan.name.clone()),
        calls_per_minute: Set(narrow(limits.calls_per_minute)),
        burst: Set(narrow(limits.burst)),
        max_in_flight: Set(narrow(limits.max_in_flight)),
        calls_per_month: Set(wide(limits.calls_per_month)),
        calls_per_day: Set(wide(limits.calls_per_day)),
        created_at: Set(now),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) async fn set_limits(tx: &Tx, id: Uuid, limits: Limits) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(
            Column::CallsPerMinute,
            Expr::value(narrow(limits.calls_per_minute)),
        )
        .col_expr(Column::Burst, Expr::value(narrow(limits.burst)))
        .col_expr(
            Column::MaxInFlight,
            Expr::value(narrow(limits.max_in_flight)),
        )
        .col_expr(
            Column::CallsPerMonth,
            Expr::value(wide(limits.calls_per_month)),
        )
        .col_expr(Column::CallsPerDay, Expr::value(wide(limits.calls_per_day)))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

fn narrow(value: Option<NonZeroU32>) -> Option<i64> {
    value.map(|n| i64::from(n.get()))
}

fn wide(value: Option<NonZeroU64>) -> Option<i64> {
    value.map(|n| i64::try_from(n.get()).unwrap_or(i64::MAX))
}

/// Fails with [`Error::Referenced`] while a key, user or group has it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

impl TryFrom<Model> for Plan {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let unreadable = || Error::Unreadable(format!("plan {}", row.id));
        let narrow = |value: Option<i64>| {
            let read = |n| u32::try_from(n).ok().and_then(NonZeroU32::new);
            let read = value.map(|n| read(n).ok_or_else(unreadable));
            read.transpose()
        };
        let wide = |value: Option<i64>| {
            let read = |n| u64::try_from(n).ok().and_then(NonZeroU64::new);
            let read = value.map(|n| read(n).ok_or_else(unreadable));
            read.transpose()
        };
        Ok(Self {
            id: row.id,
            limits: Limits {
                calls_per_minute: narrow(row.calls_per_minute)?,
                burst: narrow(row.burst)?,
                max_in_flight: narrow(row.max_in_flight)?,
                calls_per_day: wide(row.calls_per_day)?,
                calls_per_month: wide(row.calls_per_month)?,
            },
            name: row.name,
        })
    }
}
