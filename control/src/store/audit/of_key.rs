//! What audit has about one key, for whoever may see the key.

use crate::store::{
    Error,
    audit::AuditEvent,
    chain::Kind,
    entity::audit_events::{Column, Entity},
    page::{Ask, Page},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*};

/// Tokens that were given for a key, which change nothing of it.
const NO_CHANGES: [&str; 2] = ["keys.exchange", "keys.issue_token"];

/// Something that was done with it: a request to an edge, or a change.
pub(crate) struct Use {
    pub(crate) at_us: i64,
    pub(crate) remote_address: Option<String>,
    pub(crate) client: Option<String>,
}

/// Changes made to the key that audit calls `target`, newest first.
pub(crate) async fn changes(
    db: &impl ConnectionTrait,
    target: &str,
    ask: Ask,
) -> Result<Page<AuditEvent>, Error> {
    let mut query = Entity::find()
        .filter(Column::Kind.eq(Kind::Change.number()))
        .filter(Column::Target.eq(target))
        .filter(Column::Action.is_not_in(NO_CHANGES))
        .order_by_desc(Column::Id)
        .limit(ask.limit());
    if let Some(after) = ask.after {
        query = query.filter(Column::Id.lt(after));
    }
    Ok(ask.page(query.all(db).await?, |row| row.id))
}

/// What was done with it last, newest first. A key has one owner, by whom it is found.
pub(crate) async fn uses(
    db: &impl ConnectionTrait,
    (owner, key): (Uuid, Uuid),
    newest: u64,
) -> Result<Vec<Use>, Error> {
    // Ids alone first, which an index has: of a key that is seldom used there are few among all of its owner's.
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(owner))
        .filter(Column::KeyId.eq(key))
        .order_by_desc(Column::Id)
        .limit(newest)
        .into_tuple()
        .all(db)
        .await?;
    let query = Entity::find()
        .select_only()
        .columns([Column::AtUs, Column::RemoteAddress, Column::Client])
        .filter(Column::Id.is_in(ids))
        .order_by_desc(Column::Id);
    let rows: Vec<(i64, Option<String>, Option<String>)> = query.into_tuple().all(db).await?;
    let uses = rows.into_iter().map(|(at_us, remote_address, client)| Use {
        at_us,
        remote_address,
        client,
    });
    Ok(uses.collect())
}
