//! Keys that nobody uses.

use super::StoredKey;
use crate::store::{
    Error, Tx,
    entity::api_keys::{Column, Entity},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};

/// Ids of keys that work and that nobody used, made or switched on since `before`, from one on.
pub(crate) async fn find_idle(
    db: &impl ConnectionTrait,
    (before, now): (Timestamp, Timestamp),
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, Error> {
    let goes_on = Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now));
    let not_since = |column: Column| {
        Condition::any()
            .add(column.is_null())
            .add(column.lt(before))
    };
    let idle = Condition::all()
        .add(Column::Active.eq(true))
        .add(Column::RevokedAt.is_null())
        .add(goes_on)
        .add(Column::CreatedAt.lt(before))
        .add(not_since(Column::LastUsedAt))
        .add(not_since(Column::ActivatedAt))
        .add_option(after.map(|after| Column::Id.gt(after)));
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(idle)
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(ids.into_tuple().all(db).await?)
}

/// When somebody did something with it last: used it, switched it on, or made it.
pub(crate) fn idle_since(key: &StoredKey) -> Timestamp {
    let later = [key.last_used.at, key.activated_at].into_iter().flatten();
    later.fold(key.created_at, Ord::max)
}

/// Makes it inactive, and says why.
pub(crate) async fn set_idle(tx: &Tx, id: Uuid, since: Timestamp) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Active, Expr::value(false))
        .col_expr(Column::IdleSince, Expr::value(since))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
