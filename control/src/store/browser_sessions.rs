//! Who is signed in to the dashboard.

use super::{
    Error, Tx,
    entity::{browser_sessions, users},
};
use browser_sessions::{Column, Entity};
use ostia_domain::clock::Timestamp;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, prelude::*};

/// A session in its time.
#[derive(Clone, Debug)]
pub(crate) struct BrowserSession {
    /// SHA-256 of its id.
    pub(crate) id_hash: Vec<u8>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) data: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

/// [`Error::Taken`] when there is one of that name.
pub(crate) async fn insert(tx: &Tx, session: &BrowserSession) -> Result<(), Error> {
    let row = browser_sessions::ActiveModel {
        id_hash: Set(session.id_hash.clone()),
        user_id: Set(session.user_id),
        data: Set(session.data.clone()),
        created_at: Set(session.created_at),
        expires_at: Set(session.expires_at),
        ends_at: Set(session.ends_at),
        checked_at: Set(session.created_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Unset also when its user may not sign in any more.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id_hash: &[u8],
    now: Timestamp,
) -> Result<Option<BrowserSession>, Error> {
    let Some(row) = Entity::find_by_id(id_hash.to_vec())
        .filter(Column::ExpiresAt.gt(now))
        .one(db)
        .await?
    else {
        return Ok(None);
    };
    if let Some(user) = row.user_id {
        let user = users::Entity::find_by_id(user).one(db).await?;
        if !user.is_some_and(|user| user.enabled) {
            return Ok(None);
        }
    }
    Ok(Some(BrowserSession {
        id_hash: row.id_hash,
        user_id: row.user_id,
        data: row.data,
        created_at: row.created_at,
        expires_at: row.expires_at,
        ends_at: row.ends_at,
    }))
}

pub(crate) async fn set_data(tx: &Tx, id_hash: &[u8], data: Vec<u8>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Data, Expr::value(data))
        .filter(Column::IdHash.eq(id_hash.to_vec()))
        .exec(tx)
        .await?;
    Ok(())
}

pub(crate) async fn set_expiry(
    tx: &Tx,
    id_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::IdHash.eq(id_hash.to_vec()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether this call, and no other, took the turn that was last taken before `until`.
pub(crate) async fn claim_check(
    tx: &Tx,
    id_hash: &[u8],
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let claimed = Entity::update_many()
        .col_expr(Column::CheckedAt, Expr::value(now))
        .filter(Column::IdHash.eq(id_hash.to_vec()))
        .filter(Column::CheckedAt.lte(until))
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

pub(crate) async fn delete(tx: &Tx, id_hash: &[u8]) -> Result<(), Error> {
    Entity::delete_by_id(id_hash.to_vec()).exec(tx).await?;
    Ok(())
}

pub(crate) async fn delete_of_user(tx: &Tx, user: Uuid) -> Result<u64, Error> {
    let deleted = Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// Those whose time is over.
pub(crate) async fn prune(tx: &Tx, now: Timestamp) -> Result<u64, Error> {
    let deleted = Entity::delete_many()
        .filter(Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}
