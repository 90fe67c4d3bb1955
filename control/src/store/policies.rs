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
    /// A newer version wrote the rules, or they were damaged: `policy` has rules that permit nothing.
    pub(crate) unreadable: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Of the rules, from 1.
    pub(crate) version: u32,
}

/// What the rules of a policy were from one time on.
#[derive(Clone, Debug)]
pub(crate) struct StoredVersion {
    pub(crate) version: u32,
    /// Unset: they cannot be read.
    pub(crate) rules: Option<Rules>,
    pub(crate) created_at: Timestamp,
    pub(crate) actor: String,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredPolicy>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// For the snapshot: a policy that cannot be read is left out, and what is bound by it is refused.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<Vec<Policy>, Error> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db).await?;
    let read = rows.into_iter().map(StoredPolicy::from);
    let readable = read.filter(|stored| {
        if stored.unreadable {
            let policy = stored.policy.name.as_str();
            tracing::error!(
                policy,
                "a policy cannot be read and is left out: its keys are refused"
            );
        }
        !stored.unreadable
    });
    Ok(readable.map(|stored| stored.policy).collect())
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredPolicy>, Error> {
    let by = reference::by(reference, Column::Id, Column::Name);
    let row = Entity::find().filter(by).one(db).await?;
    Ok(row.map(Into::into))
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
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(crate) async fn version(
    db: &impl ConnectionTrait,
    id: Uuid,
    version: u32,
) -> Result<Option<StoredVersion>, Error> {
    let row = policy_versions::Entity::find_by_id((id, version.into()))
        .one(db)
        .await?;
    Ok(row.map(Into::into))
}

/// Fails with [`Error::Referenced`] while a key or user is bound by it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn rules_to_json(rules: &Rules) -> Result<Json, Error> {
    serde_json::to_value(rules).map_err(|error| Error::Unreadable(format!("rules ({error})")))
}

/// What nobody can make sense of is no reason to show nothing else. What an edge would refuse to read is
/// not read here either.
fn read(rules: Json) -> Option<Rules> {
    // Serde would take the members of rules from a list in their order, and all of them from an empty one.
    rules.is_object().then_some(())?;
    let rules: Rules = serde_json::from_value(rules).ok()?;
    rules.problem().is_none().then_some(rules)
}

fn number(version: i64) -> u32 {
    u32::try_from(version).unwrap_or_default()
}

impl From<policy_versions::Model> for StoredVersion {
    fn from(row: policy_versions::Model) -> Self {
        Self {
            version: number(row.version),
            rules: read(row.rules),
            created_at: row.created_at,
            actor: row.actor,
        }
    }
}

impl From<Model> for StoredPolicy {
    fn from(row: Model) -> Self {
        let rules = read(row.rules);
        Self {
            unreadable: rules.is_none(),
            policy: Policy {
                id: row.id,
                name: row.name,
                rules: rules.unwrap_or_default(),
                preset: row.preset,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: number(row.version),
        }
    }
}
