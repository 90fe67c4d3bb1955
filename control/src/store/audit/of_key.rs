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

/// A request that was made with it.
pub(crate) struct Request {
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

/// Its newest requests, newest first. A key has one owner, by whom they are found.
pub(crate) async fn requests(
    db: &impl ConnectionTrait,
    (owner, key): (Uuid, Uuid),
    newest: u64,
) -> Result<Vec<Request>, Error> {
    let query = Entity::find()
        .select_only()
        .columns([Column::AtUs, Column::RemoteAddress, Column::Client])
        .filter(Column::Kind.eq(Kind::Call.number()))
        .filter(Column::UserId.eq(owner))
        .filter(Column::KeyId.eq(key))
        .order_by_desc(Column::Id)
        .limit(newest);
    let rows: Vec<(i64, Option<String>, Option<String>)> = query.into_tuple().all(db).await?;
    let requests = rows
        .into_iter()
        .map(|(at_us, remote_address, client)| Request {
            at_us,
            remote_address,
            client,
        });
    Ok(requests.collect())
}
