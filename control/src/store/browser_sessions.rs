//! Who is signed in to the dashboard.

use super::{
    Error, Tx,
    entity::{browser_sessions, users},
};
use browser_sessions::{Column, Entity};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};

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
    /// Unset: never since it began.
    pub(crate) used: Option<Used>,
}

/// When it was used last, and where.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) at: Timestamp,
    pub(crate) address: Option<String>,
    /// What the browser says of itself.
    pub(crate) agent: Option<String>,
}

impl From<browser_sessions::Model> for BrowserSession {
    fn from(row: browser_sessions::Model) -> Self {
        let (address, agent) = (row.address, row.agent);
        Self {
            id_hash: row.id_hash,
            user_id: row.user_id,
            data: row.data,
            created_at: row.created_at,
            expires_at: row.expires_at,
            ends_at: row.ends_at,
            used: row.used_at.map(|at| Used { at, address, agent }),
        }
    }
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
        used_at: Set(None),
        address: Set(None),
        agent: Set(None),
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
    Ok(Some(row.into()))
}

/// Of one user, the one that began last first.
pub(crate) async fn of_user(
    db: &impl ConnectionTrait,
    user: Uuid,
    now: Timestamp,
) -> Result<Vec<BrowserSession>, Error> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::CreatedAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(crate) async fn set_data(tx: &Tx, id_hash: &[u8], data: Vec<u8>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Data, Expr::value(data))
        .filter(Column::IdHash.eq(id_hash.to_vec()))
        .exec(tx)
        .await?;
    Ok(())
}

pub(crate) async fn set_used(
    tx: &Tx,
    id_hash: &[u8],
    used: Used,
    expires_at: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .col_expr(Column::UsedAt, Expr::value(used.at))
        .col_expr(Column::Address, Expr::value(used.address))
        .col_expr(Column::Agent, Expr::value(used.agent))
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
