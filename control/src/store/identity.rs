//! Users, what bounds them, and their login links.

use super::{
    Error, Tx,
    entity::{login_links, user_plans, user_policies, users},
    reference,
};
use ostia_domain::{
    clock::Timestamp,
    user::{Kind, Role, User},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    prelude::*,
};
use std::collections::HashMap;

/// A user with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredUser {
    pub(crate) user: User,
    /// Where they are told by mail.
    pub(crate) email: Option<String>,
    pub(crate) created_at: Timestamp,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredUser>, Error> {
    let rows = users::Entity::find()
        .order_by_asc(users::Column::Name)
        .all(db)
        .await?;
    let mut bounds: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for row in user_policies::Entity::find().all(db).await? {
        bounds.entry(row.user_id).or_default().push(row.policy_id);
    }
    let mut plans: HashMap<Uuid, Uuid> = HashMap::new();
    for row in user_plans::Entity::find().all(db).await? {
        plans.insert(row.user_id, row.plan_id);
    }
    rows.into_iter()
        .map(|row| {
            let policies = bounds.remove(&row.id).unwrap_or_default();
            let plan = plans.remove(&row.id);
            read(row, policies, plan)
        })
        .collect()
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredUser>, Error> {
    let by = reference::by(reference, users::Column::Id, users::Column::Name);
    one(db, users::Entity::find().filter(by)).await
}

pub(crate) async fn by_id(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<StoredUser>, Error> {
    one(db, users::Entity::find_by_id(id)).await
}

/// Who owns a key when nobody is named: ids are ordered by time, so this is the first one made.
pub(crate) async fn first_administrator(
    db: &impl ConnectionTrait,
) -> Result<Option<StoredUser>, Error> {
    let query = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Administrator.as_str()))
        .order_by_asc(users::Column::Id);
    one(db, query).await
}

async fn one(
    db: &impl ConnectionTrait,
    query: Select<users::Entity>,
) -> Result<Option<StoredUser>, Error> {
    let Some(row) = query.one(db).await? else {
        return Ok(None);
    };
    let bounds = user_policies::Entity::find()
        .filter(user_policies::Column::UserId.eq(row.id))
        .all(db)
        .await?;
    let policies = bounds.into_iter().map(|bound| bound.policy_id).collect();
    let plan = user_plans::Entity::find_by_id(row.id).one(db).await?;
    read(row, policies, plan.map(|row| row.plan_id)).map(Some)
}

/// How many could still do everything if it was not for this one.
pub(crate) async fn other_administrators(
    db: &impl ConnectionTrait,
    but: Uuid,
) -> Result<u64, Error> {
    let others = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Administrator.as_str()))
        .filter(users::Column::Kind.eq(Kind::Person.as_str()))
        .filter(users::Column::Enabled.eq(true))
        .filter(users::Column::Id.ne(but));
    Ok(others.count(db).await?)
}

pub(crate) async fn insert(tx: &Tx, stored: &StoredUser) -> Result<(), Error> {
    let user = &stored.user;
    let row = users::ActiveModel {
        id: Set(user.id),
        name: Set(user.name.clone()),
        role: Set(user.role.as_str().to_owned()),
        kind: Set(user.kind.as_str().to_owned()),
        enabled: Set(user.enabled),
        created_at: Set(stored.created_at),
        email: Set(stored.email.clone()),
    };
    users::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    insert_bounds(tx, user).await
}

/// Replaces everything but its id and kind.
pub(crate) async fn update(tx: &Tx, stored: &StoredUser) -> Result<(), Error> {
    let user = &stored.user;
    users::Entity::update_many()
        .col_expr(users::Column::Name, Expr::value(user.name.clone()))
        .col_expr(users::Column::Role, Expr::value(user.role.as_str()))
        .col_expr(users::Column::Enabled, Expr::value(user.enabled))
        .col_expr(users::Column::Email, Expr::value(stored.email.clone()))
        .filter(users::Column::Id.eq(user.id))
        .exec(tx)
        .await?;
    user_policies::Entity::delete_many()
        .filter(user_policies::Column::UserId.eq(user.id))
        .exec(tx)
        .await?;
    user_plans::Entity::delete_by_id(user.id).exec(tx).await?;
    insert_bounds(tx, user).await
}

/// With its links and memberships; its keys must be gone before.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    users::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

async fn insert_bounds(tx: &Tx, user: &User) -> Result<(), Error> {
    if let Some(plan) = user.plan {
        let row = user_plans::ActiveModel {
            user_id: Set(user.id),
            plan_id: Set(plan),
        };
        user_plans::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
    }
    if user.policies.is_empty() {
        return Ok(());
    }
    let bounds = user.policies.iter().map(|id| user_policies::ActiveModel {
        user_id: Set(user.id),
        policy_id: Set(*id),
    });
    user_policies::Entity::insert_many(bounds)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Makes the only link of a user: those before it end.
pub(crate) async fn replace_login_link(
    tx: &Tx,
    user_id: Uuid,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    use login_links::{ActiveModel, Column, Entity};
    Entity::delete_many()
        .filter(Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    let row = ActiveModel {
        token_hash: Set(token_hash.to_vec()),
        user_id: Set(user_id),
        created_at: Set(now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Whose link this is, while it can be used.
pub(crate) async fn user_of_login_link(
    db: &impl ConnectionTrait,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<StoredUser>, Error> {
    use login_links::{Column, Entity};
    let link = Entity::find_by_id(token_hash.to_vec())
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    match link {
        Some(link) => by_id(db, link.user_id).await,
        None => Ok(None),
    }
}

/// Whether this call, and no other, used the link up.
pub(crate) async fn use_login_link(
    tx: &Tx,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    use login_links::{Column, Entity};
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::TokenHash.eq(token_hash.to_vec()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

fn read(row: users::Model, policies: Vec<Uuid>, plan: Option<Uuid>) -> Result<StoredUser, Error> {
    let unreadable = |what| Error::Unreadable(format!("the {what} of user {}", row.id));
    let role = Role::parse(&row.role).ok_or_else(|| unreadable("role"))?;
    let kind = Kind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?;
    Ok(StoredUser {
        user: User {
            id: row.id,
            name: row.name,
            role,
            kind,
            enabled: row.enabled,
            policies,
            plan,
        },
        email: row.email,
        created_at: row.created_at,
    })
}
