//! What was taken out of quotas, by month.

use super::{
    Error, Tx,
    entity::quota_leases::{ActiveModel, Column, Entity},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, prelude::*,
    sea_query::OnConflict,
};

/// One quota: who is counted, the limit (a plan, or the key itself), and the month as 202611.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) subject: Uuid,
    pub(crate) limit: Uuid,
    pub(crate) month: u32,
}

impl Counted {
    fn id(self) -> (Uuid, Uuid, i64) {
        (self.subject, self.limit, self.month.into())
    }
}

/// Calls that edges were given.
pub(crate) async fn leased(db: &impl ConnectionTrait, counted: Counted) -> Result<u64, Error> {
    let row = Entity::find_by_id(counted.id()).one(db).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.calls).unwrap_or(0)))
}

pub(crate) async fn add(tx: &Tx, counted: Counted, calls: u64) -> Result<(), Error> {
    let calls = i64::try_from(calls).unwrap_or(i64::MAX);
    let (subject, limit, month) = counted.id();
    let row = ActiveModel {
        subject_id: Set(subject),
        limit_id: Set(limit),
        month: Set(month),
        calls: Set(calls),
    };
    let added = Expr::col((Entity, Column::Calls)).add(calls);
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::SubjectId, Column::LimitId, Column::Month])
                .value(Column::Calls, added)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Never below nothing, however often somebody brings back the same.
pub(crate) async fn take_back(tx: &Tx, counted: Counted, calls: u64) -> Result<(), Error> {
    let left = leased(tx, counted).await?.saturating_sub(calls);
    let (subject, limit, month) = counted.id();
    Entity::update_many()
        .col_expr(
            Column::Calls,
            Expr::value(i64::try_from(left).unwrap_or(i64::MAX)),
        )
        .filter(Column::SubjectId.eq(subject))
        .filter(Column::LimitId.eq(limit))
        .filter(Column::Month.eq(month))
        .exec(tx)
        .await?;
    Ok(())
}
