//! Several keys at once.

use super::{StoredKey, complete};
use crate::store::{
    Error,
    entity::{
        api_key_policies, api_key_secrets,
        api_keys::{Column, Entity},
    },
    page::{Ask, Page},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, prelude::*,
};

/// Which keys are listed. What is unset narrows nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Of {
    pub(crate) owner: Option<Uuid>,
    /// One that they name themselves.
    pub(crate) policy: Option<Uuid>,
    pub(crate) worth: Option<WorthALook>,
}

/// Keys that have not ended, and of which all that is set is true.
#[derive(Clone, Copy)]
pub(crate) struct WorthALook {
    pub(crate) now: Timestamp,
    pub(crate) unused_since: Option<Timestamp>,
    pub(crate) not_rotated_since: Option<Timestamp>,
    pub(crate) endless: bool,
}

/// Newest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    of: Of,
    ask: Ask,
) -> Result<Page<StoredKey>, Error> {
    let newest = Entity::find().order_by_desc(Column::Id);
    let query = match of.policy {
        None => {
            let after = ask.after.map(|after| Column::Id.lt(after));
            let condition = of.condition().add_option(after);
            newest.filter(condition).limit(ask.limit())
        }
        Some(policy) => newest.filter(Column::Id.is_in(naming(db, policy, of, ask).await?)),
    };
    let page = ask.page(query.all(db).await?, |row| row.id);
    Ok(Page {
        rows: complete(db, page.rows).await?,
        next_page_token: page.next_page_token,
    })
}

/// In the order of the index, so that a page is as soon there when half of all keys name the policy as when
/// one does.
async fn naming(
    db: &impl ConnectionTrait,
    policy: Uuid,
    of: Of,
    ask: Ask,
) -> Result<Vec<Uuid>, Error> {
    use api_key_policies::{Column as Bound, Entity as Bounds};
    let narrowed = (of.owner.is_some() || of.worth.is_some()).then(|| {
        let keys = Entity::find().select_only().column(Column::Id);
        Bound::KeyId.in_subquery(keys.filter(of.condition()).into_query())
    });
    let condition = Condition::all()
        .add(Bound::PolicyId.eq(policy))
        .add_option(narrowed)
        .add_option(ask.after.map(|after| Bound::KeyId.lt(after)));
    let keys = Bounds::find()
        .select_only()
        .column(Bound::KeyId)
        .filter(condition)
        .order_by_desc(Bound::KeyId)
        .limit(ask.limit());
    Ok(keys.into_tuple().all(db).await?)
}

impl Of {
    /// Of the key itself.
    fn condition(self) -> Condition {
        Condition::all()
            .add_option(self.owner.map(|owner| Column::OwnerId.eq(owner)))
            .add_option(self.worth.map(WorthALook::condition))
    }
}

impl WorthALook {
    fn condition(self) -> Condition {
        let goes_on = Condition::any()
            .add(Column::ExpiresAt.is_null())
            .add(Column::ExpiresAt.gt(self.now));
        Condition::all()
            .add(Column::RevokedAt.is_null())
            .add(goes_on)
            .add_option(self.unused_since.map(unused))
            .add_option(self.not_rotated_since.map(not_rotated))
            .add_option(self.endless.then(|| Column::ExpiresAt.is_null()))
    }
}

fn unused(since: Timestamp) -> Condition {
    let never = Column::LastUsedAt.is_null();
    Condition::any()
        .add(Column::LastUsedAt.lt(since))
        .add(never.and(Column::CreatedAt.lt(since)))
}

/// Secrets are not older than their key, so most keys are passed over without a look at their secrets.
fn not_rotated(since: Timestamp) -> Condition {
    use api_key_secrets::{Column as Secret, Entity as Secrets};
    let newer = Secrets::find()
        .select_only()
        .column(Secret::Id)
        .filter(Expr::col((Secrets, Secret::KeyId)).equals((Entity, Column::Id)))
        .filter(Secret::CreatedAt.gte(since));
    Condition::all()
        .add(Column::CreatedAt.lt(since))
        .add(Expr::exists(newer.into_query()).not())
}

/// Those of these that are there, in no order.
pub(crate) async fn by_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<StoredKey>, Error> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    complete(db, rows.all(db).await?).await
}

/// Ids of all keys of these users that are not revoked.
pub(crate) async fn of_owners(
    db: &impl ConnectionTrait,
    owners: &[Uuid],
) -> Result<Vec<Uuid>, Error> {
    let mut keys = Vec::new();
    for owners in owners.chunks(1_000) {
        let found = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OwnerId.is_in(owners.iter().copied()))
            .filter(Column::RevokedAt.is_null());
        keys.extend(found.into_tuple::<Uuid>().all(db).await?);
    }
    Ok(keys)
}
