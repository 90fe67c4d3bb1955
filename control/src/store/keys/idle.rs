//! Keys that nobody uses.

use super::{StoredKey, complete};
use crate::store::{
    Error, Tx,
    entity::{
        api_keys::{Column, Entity},
        users,
    },
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
    prelude::*, sea_query::ExprTrait,
};

/// Ids of keys that work and that nobody used, made or switched on since `before`, from one on.
pub(crate) async fn find_idle(
    db: &impl ConnectionTrait,
    (before, now): (Timestamp, Timestamp),
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, Error> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(idle((before, now)).add_option(after.map(|after| Column::Id.gt(after))))
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(ids.into_tuple().all(db).await?)
}

/// Which keys somebody is to be told of.
#[derive(Clone, Copy)]
pub(crate) struct Untold {
    /// Not used, made or switched on since then.
    pub(crate) idle_before: Timestamp,
    /// Who began to tell of them before this has given up.
    pub(crate) begun_before: Timestamp,
    pub(crate) now: Timestamp,
}

/// Owners who have an address and keys that they are to be told of, from one on.
pub(crate) async fn owners_untold(
    db: &impl ConnectionTrait,
    wanted: Untold,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, Error> {
    let reached = users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Enabled.eq(true))
        .filter(users::Column::Email.is_not_null());
    let owners = Entity::find()
        .select_only()
        .column(Column::OwnerId)
        .distinct()
        .filter(untold(wanted))
        .filter(Column::OwnerId.in_subquery(reached.into_query()))
        .filter(Condition::all().add_option(after.map(|after| Column::OwnerId.gt(after))))
        .order_by_asc(Column::OwnerId)
        .limit(limit);
    Ok(owners.into_tuple().all(db).await?)
}

/// Takes keys of one owner, in the order of their names: nobody else tells of them meanwhile.
pub(crate) async fn begin_to_tell(
    tx: &Tx,
    owner: Uuid,
    wanted: Untold,
    limit: u64,
) -> Result<Vec<StoredKey>, Error> {
    let keys = Entity::find()
        .filter(untold(wanted))
        .filter(Column::OwnerId.eq(owner))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit);
    let keys = complete(tx, keys.all(tx).await?).await?;
    set_telling(tx, &keys, Some(wanted.now)).await?;
    Ok(keys)
}

/// Nobody tells of them, so that somebody may begin again.
pub(crate) async fn give_up_telling(tx: &Tx, keys: &[StoredKey]) -> Result<(), Error> {
    set_telling(tx, keys, None).await
}

async fn set_telling(tx: &Tx, keys: &[StoredKey], at: Option<Timestamp>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::IdleTellingAt, Expr::value(at))
        .filter(Column::Id.is_in(keys.iter().map(|key| key.id)))
        .exec(tx)
        .await?;
    Ok(())
}

pub(crate) async fn set_told(tx: &Tx, id: Uuid, now: Timestamp) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::IdleTellingAt, Expr::value(None::<Timestamp>))
        .col_expr(Column::IdleToldAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

fn idle((before, now): (Timestamp, Timestamp)) -> Condition {
    let goes_on = Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now));
    let not_since = |column: Column| {
        Condition::any()
            .add(column.is_null())
            .add(column.lt(before))
    };
    Condition::all()
        .add(Column::Active.eq(true))
        .add(Column::RevokedAt.is_null())
        .add(goes_on)
        .add(Column::CreatedAt.lt(before))
        .add(not_since(Column::LastUsedAt))
        .add(not_since(Column::ActivatedAt))
}

/// Who was told before a key was used or switched on again was told of another time.
fn untold(wanted: Untold) -> Condition {
    let told = || Expr::col(Column::IdleToldAt);
    let told_before = |column: Column| ExprTrait::lt(told(), Expr::col(column));
    let not_told = Condition::any()
        .add(Column::IdleToldAt.is_null())
        .add(told_before(Column::LastUsedAt))
        .add(told_before(Column::ActivatedAt));
    let nobody_tells = Condition::any()
        .add(Column::IdleTellingAt.is_null())
        .add(Column::IdleTellingAt.lt(wanted.begun_before));
    idle((wanted.idle_before, wanted.now))
        .add(not_told)
        .add(nobody_tells)
}

/// When somebody did something with it last: used it, switched it on, or made it.
pub(crate) fn idle_since(key: &StoredKey) -> Timestamp {
    let later = [key.last_used.at, key.activated_at].into_iter().flatten();
    later.fold(key.created_at, Ord::max)
}

/// Whether its owner was told that it is, since then.
pub(crate) fn is_told(key: &StoredKey) -> bool {
    key.idle_told_at.is_some_and(|at| at >= idle_since(key))
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
