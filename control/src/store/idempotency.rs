//! Requests that are done once however often they are sent.

use super::{
    Error, Tx,
    entity::idempotency_keys::{ActiveModel, Column, Entity, Model},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, QueryFilter, TryInsertResult,
    prelude::*,
    sea_query::OnConflict,
};

/// Who does a request, or did.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) key_hash: Vec<u8>,
    pub(crate) request_hash: Vec<u8>,
    pub(crate) id: Uuid,
    pub(crate) claimed_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) answer: Option<Answer>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Of HTTP.
    pub(crate) status: u16,
    /// Sealed under what only the caller has.
    pub(crate) sealed: Vec<u8>,
}

/// `false`: somebody else has claimed the key.
pub(crate) async fn insert(tx: &Tx, claim: &Claim) -> Result<bool, Error> {
    let row = ActiveModel {
        key_hash: Set(claim.key_hash.clone()),
        request_hash: Set(claim.request_hash.clone()),
        claim: Set(claim.id),
        claimed_at: Set(claim.claimed_at),
        expires_at: Set(claim.expires_at),
        marked: Set(false),
        status: NotSet,
        answer: NotSet,
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::KeyHash).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

pub(crate) async fn find(tx: &Tx, key_hash: &[u8]) -> Result<Option<Claim>, Error> {
    let row = Entity::find_by_id(key_hash.to_vec()).one(tx).await?;
    Ok(row.map(Into::into))
}

/// Whether the claim `from`, under which nothing was changed, is `to` from now on.
pub(crate) async fn take_over(
    tx: &Tx,
    from: Uuid,
    to: Uuid,
    now: Timestamp,
) -> Result<bool, Error> {
    let taken = Entity::update_many()
        .col_expr(Column::Claim, Expr::value(to))
        .col_expr(Column::ClaimedAt, Expr::value(now))
        .filter(Column::Claim.eq(from))
        .filter(Column::Marked.eq(false))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Whether the claim is there to be marked: it is not when somebody has taken it over.
pub(crate) async fn mark(tx: &Tx, claim: Uuid) -> Result<bool, Error> {
    let marked = Entity::update_many()
        .col_expr(Column::Marked, Expr::value(true))
        .filter(Column::Claim.eq(claim))
        .exec(tx)
        .await?;
    Ok(marked.rows_affected == 1)
}

/// Whether the claim is there to be answered.
pub(crate) async fn answer(tx: &Tx, claim: Uuid, answer: Answer) -> Result<bool, Error> {
    let status = answer.status.cast_signed();
    let answered = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Answer, Expr::value(answer.sealed))
        .filter(Column::Claim.eq(claim))
        .exec(tx)
        .await?;
    Ok(answered.rows_affected == 1)
}

/// Gives up a claim under which nothing was changed.
pub(crate) async fn delete(tx: &Tx, claim: Uuid) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Claim.eq(claim))
        .filter(Column::Marked.eq(false))
        .exec(tx)
        .await?;
    Ok(())
}

/// Those whose time is over.
pub(crate) async fn prune(tx: &Tx, now: Timestamp) -> Result<u64, Error> {
    let deleted = Entity::delete_many()
        .filter(Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// The one of this key, if its time is over.
pub(crate) async fn prune_key(tx: &Tx, key_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::KeyHash.eq(key_hash.to_vec()))
        .filter(Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    Ok(())
}

impl From<Model> for Claim {
    fn from(row: Model) -> Self {
        let answer = row.status.zip(row.answer);
        Self {
            key_hash: row.key_hash,
            request_hash: row.request_hash,
            id: row.claim,
            claimed_at: row.claimed_at,
            expires_at: row.expires_at,
            answer: answer.map(|(status, sealed)| Answer {
                status: status.cast_unsigned(),
                sealed,
            }),
        }
    }
}
