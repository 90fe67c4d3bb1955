//! Policies.

use super::{
    Error, Tx,
    entity::policies::{ActiveModel, Column, Entity, Model},
    reference,
};
use ostia_domain::{
    clock::Timestamp,
    policy::{Policy, Rules},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};

/// A policy with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredPolicy {
    pub(crate) policy: Policy,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredPolicy>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// For the snapshot: a policy that cannot be read is left out, and what is bound by it is refused.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<Vec<Policy>, Error> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db).await?;
    let read = rows.into_iter().filter_map(|row| {
        StoredPolicy::try_from(row)
            .inspect_err(
                |error| tracing::error!(%error, "a policy is left out: its keys are refused"),
            )
            .ok()
    });
    Ok(read.map(|stored| stored.policy).collect())
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredPolicy>, Error> {
    let by = reference::by(reference, Column::Id, Column::Name);
    let row = Entity::find().filter(by).one(db).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn insert(tx: &Tx, stored: &StoredPolicy) -> Result<(), Error> {
    let policy = &stored.policy;
    let row = ActiveModel {
        id: Set(policy.id),
        name: Set(policy.name.clone()),
        rules: Set(rules_to_json(&policy.rules)?),
        preset: Set(policy.preset.clone()),
        created_at: Set(stored.created_at),
        updated_at: Set(stored.updated_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) async fn set_rules(
    tx: &Tx,
    id: Uuid,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Rules, Expr::value(rules_to_json(rules)?))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Fails with [`Error::Referenced`] while a key or user is bound by it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn rules_to_json(rules: &Rules) -> Result<Json, Error> {
    serde_json::to_value(rules).map_err(|error| Error::Unreadable(format!("rules ({error})")))
}

impl TryFrom<Model> for StoredPolicy {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let rules = serde_json::from_value(row.rules)
            .map_err(|error| Error::Unreadable(format!("policy {} ({error})", row.id)))?;
        Ok(Self {
            policy: Policy {
                id: row.id,
                name: row.name,
                rules,
                preset: row.preset,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
