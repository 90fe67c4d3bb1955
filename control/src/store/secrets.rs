//! Secrets of API keys.

use super::{
    Error, Tx,
    entity::api_key_secrets::{ActiveModel, Column, Entity, Model},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::collections::HashMap;

/// Without `Debug`, so that no hash comes into a log.
#[derive(Clone)]
pub(crate) struct StoredSecret {
    pub(crate) id: Uuid,
    /// Argon2id, as a PHC string.
    pub(crate) hash: String,
    pub(crate) last_four: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// Of several keys in one statement, newest first.
pub(super) async fn of_keys(
    db: &impl ConnectionTrait,
    keys: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<StoredSecret>>, Error> {
    let mut secrets: HashMap<Uuid, Vec<StoredSecret>> = HashMap::new();
    let found = Entity::find()
        .filter(Column::KeyId.is_in(keys))
        .order_by_desc(Column::Id);
    for secret in found.all(db).await? {
        secrets
            .entry(secret.key_id)
            .or_default()
            .push(secret.into());
    }
    Ok(secrets)
}

pub(crate) async fn insert(tx: &Tx, key_id: Uuid, secret: &StoredSecret) -> Result<(), Error> {
    let row = ActiveModel {
        id: Set(secret.id),
        key_id: Set(key_id),
        hash: Set(secret.hash.clone()),
        last_four: Set(secret.last_four.clone()),
        created_at: Set(secret.created_at),
        expires_at: Set(secret.expires_at),
        last_used_at: Set(secret.last_used_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Gives every secret of a key that would live longer its end.
pub(crate) async fn end(tx: &Tx, key_id: Uuid, end: Timestamp) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(end))
        .filter(Column::KeyId.eq(key_id))
        .filter(unset_or(Column::ExpiresAt, Column::ExpiresAt.gt(end)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes a use, unless one was noted since `unless_after`.
pub(crate) async fn used(
    tx: &Tx,
    secret: Uuid,
    at: Timestamp,
    unless_after: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at))
        .filter(Column::Id.eq(secret))
        .filter(unset_or(
            Column::LastUsedAt,
            Column::LastUsedAt.lt(unless_after),
        ))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) fn unset_or(column: impl ColumnTrait, otherwise: Expr) -> Condition {
    Condition::any().add(column.is_null()).add(otherwise)
}

impl From<Model> for StoredSecret {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            hash: row.hash,
            last_four: row.last_four,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}
