//! Reading usage records and their sums; `records.rs` writes them.

mod parts;
mod prune;
mod summary;

pub(crate) use parts::parts;
pub(crate) use prune::{prune_records, prune_sums};
pub(crate) use summary::{Bucket, Called, Counts, Dimensions, Sum, sums};

use super::{
    Error,
    entity::usage_records::{Column, Entity, Model},
    narrow::{Narrow, OfKey},
    page::{Ask, Page},
};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect,
    prelude::*,
};

pub(crate) type UsageRecord = Model;

/// Newest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    narrow: &Narrow,
    ask: Ask,
) -> Result<Page<UsageRecord>, Error> {
    let after = ask.after.map(|after| Column::Id.lt(after));
    let ids = found(condition(narrow).add_option(after))
        .order_by_desc(Column::Id)
        .limit(ask.limit());
    let ids: Vec<Uuid> = ids.into_tuple().all(db).await?;
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    let rows = rows.order_by_desc(Column::Id).all(db).await?;
    Ok(ask.page(rows, |row| row.id))
}

/// Oldest first, from one on.
pub(crate) async fn list_after(
    db: &impl ConnectionTrait,
    narrow: &Narrow,
    after: Uuid,
    size: u64,
) -> Result<Vec<UsageRecord>, Error> {
    let ids = found(condition(narrow).add(Column::Id.gt(after)))
        .order_by_asc(Column::Id)
        .limit(size);
    let ids: Vec<Uuid> = ids.into_tuple().all(db).await?;
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    Ok(rows.order_by_asc(Column::Id).all(db).await?)
}

/// Ids alone, which an index has with what it is searched for: rows are read when it is known which.
fn found(condition: Condition) -> Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(condition)
}

fn condition(narrow: &Narrow) -> Condition {
    let tool = narrow
        .tool
        .as_deref()
        .map(|tool| match tool.split_once('.') {
            Some((upstream, name)) => Condition::any()
                .add(Column::Upstream.eq(upstream).and(Column::Tool.eq(name)))
                .add(Column::Upstream.is_null().and(Column::Tool.eq(tool))),
            None => Condition::all()
                .add(Column::Upstream.is_null())
                .add(Column::Tool.eq(tool)),
        });
    let of_key = |key: &OfKey| {
        Condition::all()
            .add(Column::KeyId.eq(key.id))
            .add_option(key.owner.map(|owner| Column::OwnerId.eq(owner)))
    };
    Condition::all()
        .add_option(narrow.key.as_ref().map(of_key))
        .add_option(narrow.user.as_ref().map(|user| Column::OwnerId.eq(user.id)))
        .add_option(
            narrow
                .upstream
                .as_deref()
                .map(|name| Column::Upstream.eq(name)),
        )
        .add_option(tool)
        .add_option(
            narrow
                .outcome
                .map(|outcome| Column::Outcome.eq(outcome.as_str())),
        )
        .add(narrow.during.condition(Column::Id, Column::AtUs))
}
