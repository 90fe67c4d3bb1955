//! API keys.

mod idle;
mod lists;

pub(crate) use idle::{
    Untold, begin_to_tell, find_idle, give_up_telling, idle_since, is_told, owners_untold,
    set_idle, set_told,
};
pub(crate) use lists::{Of, WorthALook, by_ids, list, of_owners};

use super::{
    Error, Tx,
    entity::{api_key_policies, api_keys},
    secrets::{self, StoredSecret},
};
use crate::authority::With;
use ostia_domain::{
    clock::Timestamp,
    key::{Mode, PublicId, Restrictions},
};
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::*,
};
use std::collections::HashMap;

/// A key as it is stored, with the ids of what bounds it.
#[derive(Clone)]
pub(crate) struct StoredKey {
    pub(crate) id: Uuid,
    pub(crate) public_id: PublicId,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) owner_id: Uuid,
    pub(crate) policies: Vec<Uuid>,
    pub(crate) plan: Option<Uuid>,
    pub(crate) active: bool,
    /// When it was switched on last, after it was off.
    pub(crate) activated_at: Option<Timestamp>,
    /// Set: it is inactive because nobody used it since then.
    pub(crate) idle_since: Option<Timestamp>,
    /// When its owner was told last that it would be.
    pub(crate) idle_told_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) last_used: LastUse,
    pub(crate) restrictions: Restrictions,
    /// Newest first.
    pub(crate) secrets: Vec<StoredSecret>,
}

/// Who used a key, as far as an edge can tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct UsedBy {
    pub(crate) address: Option<String>,
    pub(crate) client: Option<String>,
}

impl From<&With> for UsedBy {
    fn from(with: &With) -> Self {
        Self {
            address: with.address.map(|address| address.to_string()),
            client: with.client.clone(),
        }
    }
}

/// When a key was used last, from where, and by which client.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastUse {
    pub(crate) at: Option<Timestamp>,
    pub(crate) by: UsedBy,
}

/// By id, or by public id with or without the prefix of its mode.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredKey>, Error> {
    match (Uuid::try_parse(reference), PublicId::parse(reference)) {
        (Ok(id), _) => one(db, api_keys::Entity::find_by_id(id)).await,
        (Err(_), Some(public_id)) => by_public_id(db, &public_id).await,
        (Err(_), None) => Ok(None),
    }
}

/// Whether there is a test key that has not ended.
pub(crate) async fn any_test(tx: &Tx, now: Timestamp) -> Result<bool, Error> {
    let ends = api_keys::Column::ExpiresAt;
    let test = api_keys::Entity::find()
        .filter(api_keys::Column::Mode.eq(Mode::Test.as_str()))
        .filter(api_keys::Column::RevokedAt.is_null())
        .filter(Condition::any().add(ends.is_null()).add(ends.gt(now)));
    Ok(test.one(tx).await?.is_some())
}

/// Two of the keys of a name that are not revoked, or, where all are, of those: enough to see that it is one, or
/// which ones it may be. A name is unique among one owner's keys that are not revoked.
pub(crate) async fn two_of_name(
    db: &impl ConnectionTrait,
    owner: Option<Uuid>,
    name: &str,
) -> Result<Vec<StoredKey>, Error> {
    // PostgreSQL fails on such a text instead of finding nothing.
    if name.contains('\0') {
        return Ok(Vec::new());
    }
    let named = || {
        let named = api_keys::Entity::find().filter(api_keys::Column::Name.eq(name));
        let named = named.order_by_desc(api_keys::Column::Id).limit(2);
        match owner {
            Some(owner) => named.filter(api_keys::Column::OwnerId.eq(owner)),
            None => named,
        }
    };
    let live = named().filter(api_keys::Column::RevokedAt.is_null());
    let mut rows = live.all(db).await?;
    if rows.is_empty() {
        rows = named().all(db).await?;
    }
    complete(db, rows).await
}

pub(crate) async fn by_public_id(
    db: &impl ConnectionTrait,
    public_id: &PublicId,
) -> Result<Option<StoredKey>, Error> {
    let by = api_keys::Column::PublicId.eq(public_id.as_str());
    one(db, api_keys::Entity::find().filter(by)).await
}

async fn one(
    db: &impl ConnectionTrait,
    query: Select<api_keys::Entity>,
) -> Result<Option<StoredKey>, Error> {
    let row = query.one(db).await?;
    let mut keys = complete(db, row.into_iter().collect()).await?;
    Ok(keys.pop())
}

/// Adds policies and secrets to rows of keys, in two statements however many keys there are.
async fn complete(
    db: &impl ConnectionTrait,
    rows: Vec<api_keys::Model>,
) -> Result<Vec<StoredKey>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut policies: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    let bounds = api_key_policies::Entity::find()
        .filter(api_key_policies::Column::KeyId.is_in(ids.iter().copied()));
    for bound in bounds.all(db).await? {
        policies
            .entry(bound.key_id)
            .or_default()
            .push(bound.policy_id);
    }
    let mut secrets = secrets::of_keys(db, ids).await?;
    rows.into_iter()
        .map(|row| {
            let policies = policies.remove(&row.id).unwrap_or_default();
            let secrets = secrets.remove(&row.id).unwrap_or_default();
            read(row, policies, secrets)
        })
        .collect()
}

pub(crate) async fn insert(tx: &Tx, key: &StoredKey) -> Result<(), Error> {
    let row = api_keys::ActiveModel {
        id: Set(key.id),
        public_id: Set(key.public_id.to_string()),
        name: Set(key.name.clone()),
        mode: Set(key.mode.as_str().to_owned()),
        owner_id: Set(key.owner_id),
        plan_id: Set(key.plan),
        active: Set(key.active),
        created_at: Set(key.created_at),
        expires_at: Set(key.expires_at),
        revoked_at: Set(key.revoked_at),
        last_used_at: Set(key.last_used.at),
        restrictions: Set(restrictions_to_json(&key.restrictions)?),
        last_used_address: Set(key.last_used.by.address.clone()),
        last_used_client: Set(key.last_used.by.client.clone()),
        activated_at: Set(key.activated_at),
        idle_since: Set(key.idle_since),
        idle_telling_at: Set(None),
        idle_told_at: Set(key.idle_told_at),
    };
    api_keys::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    insert_policies(tx, key).await?;
    for secret in &key.secrets {
        secrets::insert(tx, key.id, secret).await?;
    }
    Ok(())
}

/// Replaces what a key is called and held to.
pub(crate) async fn update(tx: &Tx, key: &StoredKey) -> Result<(), Error> {
    use api_keys::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(key.name.clone()))
        .col_expr(Column::PlanId, Expr::value(key.plan))
        .col_expr(Column::ExpiresAt, Expr::value(key.expires_at))
        .col_expr(
            Column::Restrictions,
            Expr::value(restrictions_to_json(&key.restrictions)?),
        )
        .filter(Column::Id.eq(key.id))
        .exec(tx)
        .await?;
    api_key_policies::Entity::delete_many()
        .filter(api_key_policies::Column::KeyId.eq(key.id))
        .exec(tx)
        .await?;
    insert_policies(tx, key).await
}

pub(crate) async fn delete_of_owner(tx: &Tx, owner: Uuid) -> Result<(), Error> {
    api_keys::Entity::delete_many()
        .filter(api_keys::Column::OwnerId.eq(owner))
        .exec(tx)
        .await?;
    Ok(())
}

async fn insert_policies(tx: &Tx, key: &StoredKey) -> Result<(), Error> {
    if key.policies.is_empty() {
        return Ok(());
    }
    let bounds = key
        .policies
        .iter()
        .map(|policy| api_key_policies::ActiveModel {
            key_id: Set(key.id),
            policy_id: Set(*policy),
        });
    api_key_policies::Entity::insert_many(bounds)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Keys that are held to nothing more have nothing there.
fn restrictions_to_json(restrictions: &Restrictions) -> Result<Option<Json>, Error> {
    if *restrictions == Restrictions::default() {
        return Ok(None);
    }
    serde_json::to_value(restrictions)
        .map(Some)
        .map_err(|error| Error::Unreadable(format!("restrictions ({error})")))
}

pub(crate) async fn set_active(
    tx: &Tx,
    id: Uuid,
    active: bool,
    now: Timestamp,
) -> Result<(), Error> {
    use api_keys::{Column, Entity};
    let mut update = Entity::update_many()
        .col_expr(Column::Active, Expr::value(active))
        .col_expr(Column::IdleSince, Expr::value(None::<Timestamp>));
    if active {
        update = update.col_expr(Column::ActivatedAt, Expr::value(now));
    }
    update.filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Keeps the first time of a key that is revoked already.
pub(crate) async fn revoke(tx: &Tx, id: Uuid, now: Timestamp) -> Result<(), Error> {
    use api_keys::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// With its secrets and bounds.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    api_keys::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Notes a use, unless one was noted since `unless_after`.
pub(crate) async fn used(
    tx: &Tx,
    key: Uuid,
    (at, by): (Timestamp, &UsedBy),
    unless_after: Timestamp,
) -> Result<(), Error> {
    use api_keys::{Column, Entity};
    let mut update = Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(at));
    // Who cannot be told this time is not forgotten from the time before.
    for (column, known) in [
        (Column::LastUsedAddress, &by.address),
        (Column::LastUsedClient, &by.client),
    ] {
        if let Some(known) = known {
            update = update.col_expr(column, Expr::value(known.as_str()));
        }
    }
    update
        .filter(Column::Id.eq(key))
        .filter(
            secrets::unset_or(Column::LastUsedAt, Column::LastUsedAt.lt(unless_after))
                .add(Column::LastUsedAddress.is_null()),
        )
        .exec(tx)
        .await?;
    Ok(())
}

fn read(
    row: api_keys::Model,
    policies: Vec<Uuid>,
    secrets: Vec<StoredSecret>,
) -> Result<StoredKey, Error> {
    let unreadable = |what| Error::Unreadable(format!("the {what} of key {}", row.id));
    let mode = match row.mode.as_str() {
        "live" => Mode::Live,
        "test" => Mode::Test,
        _ => return Err(unreadable("mode")),
    };
    Ok(StoredKey {
        id: row.id,
        public_id: PublicId::parse(&row.public_id).ok_or_else(|| unreadable("public id"))?,
        mode,
        name: row.name,
        owner_id: row.owner_id,
        policies,
        plan: row.plan_id,
        active: row.active,
        activated_at: row.activated_at,
        idle_since: row.idle_since,
        idle_told_at: row.idle_told_at,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used: LastUse {
            at: row.last_used_at,
            by: UsedBy {
                address: row.last_used_address,
                client: row.last_used_client,
            },
        },
        restrictions: match row.restrictions {
            Some(json) => serde_json::from_value(json).map_err(|_| unreadable("restrictions"))?,
            None => Restrictions::default(),
        },
        secrets,
    })
}
