//! Groups of users.

use super::{
    Error, Tx,
    entity::{group_members, group_policies, groups},
    reference,
};
use ostia_domain::{clock::Timestamp, user::Group};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::collections::{HashMap, HashSet};

/// A group with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredGroup {
    pub(crate) group: Group,
    pub(crate) created_at: Timestamp,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredGroup>, Error> {
    let rows = groups::Entity::find().order_by_asc(groups::Column::Name);
    complete(db, rows.all(db).await?).await
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredGroup>, Error> {
    let by = reference::by(reference, groups::Column::Id, groups::Column::Name);
    let row = groups::Entity::find().filter(by).one(db).await?;
    Ok(complete(db, row.into_iter().collect()).await?.pop())
}

/// Those that a user is in, by name.
pub(crate) async fn of_user(
    db: &impl ConnectionTrait,
    user: Uuid,
) -> Result<Vec<StoredGroup>, Error> {
    let memberships = group_members::Entity::find()
        .filter(group_members::Column::UserId.eq(user))
        .all(db)
        .await?;
    if memberships.is_empty() {
        return Ok(Vec::new());
    }
    let ids = memberships.into_iter().map(|row| row.group_id);
    let rows = groups::Entity::find()
        .filter(groups::Column::Id.is_in(ids))
        .order_by_asc(groups::Column::Name);
    complete(db, rows.all(db).await?).await
}

pub(crate) async fn insert(tx: &Tx, stored: &StoredGroup) -> Result<(), Error> {
    let row = groups::ActiveModel {
        id: Set(stored.group.id),
        name: Set(stored.group.name.clone()),
        plan_id: Set(stored.group.plan),
        created_at: Set(stored.created_at),
    };
    groups::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    insert_policies(tx, &stored.group).await?;
    insert_members(tx, stored.group.id, stored.group.members.clone()).await
}

/// Replaces everything but its id.
pub(crate) async fn update(tx: &Tx, group: &Group) -> Result<(), Error> {
    groups::Entity::update_many()
        .col_expr(groups::Column::Name, Expr::value(group.name.clone()))
        .col_expr(groups::Column::PlanId, Expr::value(group.plan))
        .filter(groups::Column::Id.eq(group.id))
        .exec(tx)
        .await?;
    group_policies::Entity::delete_many()
        .filter(group_policies::Column::GroupId.eq(group.id))
        .exec(tx)
        .await?;
    // Memberships that a provider gave stay what they are for those who are still in.
    let present = group_members::Entity::find()
        .filter(group_members::Column::GroupId.eq(group.id))
        .all(tx)
        .await?;
    let wanted: HashSet<Uuid> = group.members.iter().copied().collect();
    for row in &present {
        if !wanted.contains(&row.user_id) {
            group_members::Entity::delete_by_id((group.id, row.user_id))
                .exec(tx)
                .await?;
        }
    }
    let known: HashSet<Uuid> = present.iter().map(|row| row.user_id).collect();
    let is_new = |user: &Uuid| !known.contains(user);
    let new = group.members.iter().copied().filter(is_new).collect();
    insert_policies(tx, group).await?;
    insert_members(tx, group.id, new).await
}

pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    groups::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

async fn insert_policies(tx: &Tx, group: &Group) -> Result<(), Error> {
    let policies = group.policies.iter().map(|id| group_policies::ActiveModel {
        group_id: Set(group.id),
        policy_id: Set(*id),
    });
    if !group.policies.is_empty() {
        group_policies::Entity::insert_many(policies)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn insert_members(tx: &Tx, group_id: Uuid, members: Vec<Uuid>) -> Result<(), Error> {
    // Far below the parameters that a database takes in one statement.
    for members in members.chunks(1_000) {
        let members = members.iter().map(|id| group_members::ActiveModel {
            group_id: Set(group_id),
            user_id: Set(*id),
            issuer: Set(None),
        });
        group_members::Entity::insert_many(members)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Adds policies and members, in two statements however many groups there are.
async fn complete(
    db: &impl ConnectionTrait,
    rows: Vec<groups::Model>,
) -> Result<Vec<StoredGroup>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut policies: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    let found = group_policies::Entity::find()
        .filter(group_policies::Column::GroupId.is_in(ids.iter().copied()));
    for row in found.all(db).await? {
        policies
            .entry(row.group_id)
            .or_default()
            .push(row.policy_id);
    }
    let mut members: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    let found = group_members::Entity::find().filter(group_members::Column::GroupId.is_in(ids));
    for row in found.all(db).await? {
        members.entry(row.group_id).or_default().push(row.user_id);
    }
    let groups = rows.into_iter().map(|row| StoredGroup {
        group: Group {
            policies: policies.remove(&row.id).unwrap_or_default(),
            members: members.remove(&row.id).unwrap_or_default(),
            id: row.id,
            name: row.name,
            plan: row.plan_id,
        },
        created_at: row.created_at,
    });
    Ok(groups.collect())
}
