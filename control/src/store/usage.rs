//! Reading usage records; `records.rs` writes them.

use super::{
    Error,
    entity::usage_records::{Column, Entity, Model},
    page::{Ask, Page},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*};

pub(crate) type UsageRecord = Model;

/// Newest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    key: Option<Uuid>,
    upstream: Option<&str>,
    ask: Ask,
) -> Result<Page<UsageRecord>, Error> {
    let mut query = Entity::find().order_by_desc(Column::Id).limit(ask.limit());
    if let Some(key) = key {
        query = query.filter(Column::KeyId.eq(key));
    }
    if let Some(upstream) = upstream {
        query = query.filter(Column::Upstream.eq(upstream));
    }
    if let Some(after) = ask.after {
        query = query.filter(Column::Id.lt(after));
    }
    Ok(ask.page(query.all(db).await?, |row| row.id))
}
