//! What was taken out of quotas, by day and by month.

use super::{
    Error, Tx,
    entity::quota_leases::{ActiveModel, Column, Entity},
};
use ostia_domain::{clock::Timestamp, period::Period};
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect as _,
    prelude::*, sea_query::OnConflict,
};
use std::collections::{HashMap, HashSet};

/// Numbers of days have eight digits, those of months six.
const FIRST_DAY: i64 = 10_000_000;

/// One quota: who is counted, the limit (a plan, or the key itself), and the number of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    pub(crate) subject: Uuid,
    pub(crate) limit: Uuid,
    pub(crate) period: u32,
}

impl Counted {
    fn id(self) -> (Uuid, Uuid, i64) {
        (self.subject, self.limit, self.period.into())
    }
}

/// Calls that edges were given. Until the transaction ends nobody else reads or changes it, so that two
/// edges who ask at once get no call twice.
pub(crate) async fn lock(tx: &Tx, counted: Counted) -> Result<u64, Error> {
    let (subject, limit, period) = counted.id();
    let nothing = ActiveModel {
        subject_id: Set(subject),
        limit_id: Set(limit),
        period: Set(period),
        calls: Set(0),
    };
    let key = [Column::SubjectId, Column::LimitId, Column::Period];
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

/// Calls that edges were given, of those of them that were given any.
pub(crate) async fn taken(
    db: &impl ConnectionTrait,
    of: impl IntoIterator<Item = Counted>,
) -> Result<HashMap<Counted, u64>, Error> {
    let wanted: HashSet<Counted> = of.into_iter().collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    // A subject has few limits, so what is read too much is little.
    let rows = Entity::find()
        .filter(Column::SubjectId.is_in(wanted.iter().map(|counted| counted.subject)))
        .filter(Column::Period.is_in(wanted.iter().map(|counted| i64::from(counted.period))))
        .all(db)
        .await?;
    let calls: HashMap<_, _> = rows
        .into_iter()
        .map(|row| ((row.subject_id, row.limit_id, row.period), row.calls))
        .collect();
    let taken = wanted.into_iter().filter_map(|counted| {
        let calls = *calls.get(&counted.id())?;
        Some((counted, u64::try_from(calls).unwrap_or(0)))
    });
    Ok(taken.collect())
}

/// Those of days and months before the last: until then a control whose clock is a little behind may still count there.
pub(crate) async fn prune(tx: &Tx, now: Timestamp) -> Result<u64, Error> {
    let last = |period: Period| i64::from(period.before(now).number);
    let days = Column::Period.between(FIRST_DAY, last(Period::Day) - 1);
    let deleted = Entity::delete_many()
        .filter(
            Condition::any()
                .add(Column::Period.lt(last(Period::Month)))
                .add(days),
        )
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// Of a quota that is locked.
pub(crate) async fn set(tx: &Tx, counted: Counted, calls: u64) -> Result<(), Error> {
    let (subject, limit, period) = counted.id();
    let calls = i64::try_from(calls).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::Calls, Expr::value(calls))
        .filter(Column::SubjectId.eq(subject))
        .filter(Column::LimitId.eq(limit))
        .filter(Column::Period.eq(period))
        .exec(tx)
        .await?;
    Ok(())
}
