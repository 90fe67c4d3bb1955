//! Policies.

use super::{
    Error, Tx,
    entity::{
        policies::{ActiveModel, Column, Entity, Model},
        policy_versions,
    },
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
    /// Of the rules, from 1.
    pub(crate) version: u32,
}

/// What the rules of a policy were from one time on.
#[derive(Clone, Debug)]
pub(crate) struct StoredVersion {
    pub(crate) version: u32,
    pub(crate) rules: Rules,
    pub(crate) created_at: Timestamp,
    pub(crate) actor: String,
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
        version: Set(stored.version.into()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Replaces what is stored with this, which has another version.
pub(crate) async fn set_rules(tx: &Tx, stored: &StoredPolicy) -> Result<(), Error> {
    let rules = rules_to_json(&stored.policy.rules)?;
    Entity::update_many()
        .col_expr(Column::Rules, Expr::value(rules))
        .col_expr(Column::Preset, Expr::value(stored.policy.preset.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(stored.updated_at))
        .col_expr(Column::Version, Expr::value(i64::from(stored.version)))
        .filter(Column::Id.eq(stored.policy.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Keeps what the rules are now, for the time when they will have been.
pub(crate) async fn insert_version(
    tx: &Tx,
    stored: &StoredPolicy,
    actor: &str,
) -> Result<(), Error> {
    let row = policy_versions::ActiveModel {
        policy_id: Set(stored.policy.id),
        version: Set(stored.version.into()),
        rules: Set(rules_to_json(&stored.policy.rules)?),
        created_at: Set(stored.updated_at),
        actor: Set(actor.to_owned()),
    };
    policy_versions::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Newest first.
pub(crate) async fn versions(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Vec<StoredVersion>, Error> {
    let rows = policy_versions::Entity::find()
        .filter(policy_versions::Column::PolicyId.eq(id))
        .order_by_desc(policy_versions::Column::Version)
        .all(db)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn version(
    db: &impl ConnectionTrait,
    id: Uuid,
    version: u32,
) -> Result<Option<StoredVersion>, Error> {
    let row = policy_versions::Entity::find_by_id((id, version.into()))
        .one(db)
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Fails with [`Error::Referenced`] while a key or user is bound by it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn rules_to_json(rules: &Rules) -> Result<Json, Error> {
    serde_json::to_value(rules).map_err(|error| Error::Unreadable(format!("rules ({error})")))
}

fn read(policy: Uuid, version: i64, rules: Json) -> Result<(u32, Rules), Error> {
    let unreadable = |why: String| Error::Unreadable(format!("policy {policy} ({why})"));
    let rules = serde_json::from_value(rules).map_err(|error| unreadable(error.to_string()))?;
    let version = u32::try_from(version).map_err(|error| unreadable(error.to_string()))?;
    Ok((version, rules))
}

impl TryFrom<policy_versions::Model> for StoredVersion {
    type Error = Error;
    fn try_from(row: policy_versions::Model) -> Result<Self, Error> {
        let (version, rules) = read(row.policy_id, row.version, row.rules)?;
        Ok(Self {
            version,
            rules,
            created_at: row.created_at,
            actor: row.actor,
        })
    }
}

impl TryFrom<Model> for StoredPolicy {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let (version, rules) = read(row.id, row.version, row.rules)?;
        Ok(Self {
            policy: Policy {
                id: row.id,
                name: row.name,
                rules,
                preset: row.preset,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            version,
        })
    }
}
