//! What was taken out of quotas, by month.

use super::{
    Error, Tx,
    entity::quota_leases::{ActiveModel, Column, Entity},
};
use sea_orm::{
    ActiveValue::Set, EntityTrait, QueryFilter, QuerySelect as _, prelude::*, sea_query::OnConflict,
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

/// Calls that edges were given. Until the transaction ends nobody else reads or changes it, so that two
/// edges who ask at once get no call twice.
pub(crate) async fn lock(tx: &Tx, counted: Counted) -> Result<u64, Error> {
    let (subject, limit, month) = counted.id();
    let nothing = ActiveModel {
        subject_id: Set(subject),
        limit_id: Set(limit),
        month: Set(month),
        calls: Set(0),
    };
    let key = [Column::SubjectId, Column::LimitId, Column::Month];
    // A row that is not there cannot be locked.
    Entity::insert(nothing)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    let row = Entity::find_by_id(counted.id())
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map_or(0, |row| u64::try_from(row.calls).unwrap_or(0)))
}

/// Of a quota that is locked.
pub(crate) async fn set(tx: &Tx, counted: Counted, calls: u64) -> Result<(), Error> {
    let (subject, limit, month) = counted.id();
    let calls = i64::try_from(calls).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::Calls, Expr::value(calls))
        .filter(Column::SubjectId.eq(subject))
        .filter(Column::LimitId.eq(limit))
        .filter(Column::Month.eq(month))
        .exec(tx)
        .await?;
    Ok(())
}
