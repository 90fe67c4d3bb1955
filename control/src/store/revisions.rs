//! Two counters that grow with every change, so that each control learns what the others did.
//!
//! A transaction that changes something counts up as its last statement. On PostgreSQL the row stays
//! locked until the commit, so revisions become visible in order and none is skipped; SQLite has one
//! writer anyway.

use super::{
    Db, Error, Tx,
    entity::{key_changes, revisions},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect,
    prelude::*, sea_query::OnConflict,
};

const ROW: i64 = 1;
/// Rows of one statement, far below the number of parameters that a database takes.
const CHUNK: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revisions {
    /// Of everything that is in a snapshot.
    pub(crate) snapshot: i64,
    /// Of keys, their secrets and their owners.
    pub(crate) keys: i64,
}

pub(crate) async fn current(db: &impl ConnectionTrait) -> Result<Revisions, Error> {
    let row = revisions::Entity::find_by_id(ROW).one(db).await?;
    row.map(|row| Revisions {
        snapshot: row.snapshot,
        keys: row.keys,
    })
    .ok_or_else(|| Error::Unreadable("the revision".to_owned()))
}

pub(crate) async fn snapshot_changed(tx: &Tx) -> Result<(), Error> {
    use revisions::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Snapshot, Expr::col(Column::Snapshot).add(1))
        .filter(Column::Id.eq(ROW))
        .exec(tx)
        .await?;
    Ok(())
}

pub(crate) async fn keys_changed(tx: &Tx, keys: &[Uuid]) -> Result<(), Error> {
    let row = revisions::Entity::update_many()
        .col_expr(
            revisions::Column::Keys,
            Expr::col(revisions::Column::Keys).add(1),
        )
        .filter(revisions::Column::Id.eq(ROW))
        .exec_with_returning(tx)
        .await?;
    let Some(revision) = row.first().map(|row| row.keys) else {
        return Err(Error::Unreadable("the revision".to_owned()));
    };
    for chunk in keys.chunks(CHUNK) {
        let rows = chunk.iter().map(|key| key_changes::ActiveModel {
            key_id: Set(*key),
            revision: Set(revision),
        });
        key_changes::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(key_changes::Column::KeyId)
                    .update_column(key_changes::Column::Revision)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Keys that changed after a revision, up to and with another; a key that changed again since is told
/// of when that later revision is.
pub(crate) async fn keys_changed_between(
    db: &Db,
    after: i64,
    until: i64,
) -> Result<Vec<Uuid>, Error> {
    use key_changes::{Column, Entity};
    let keys = Entity::find()
        .select_only()
        .column(Column::KeyId)
        .filter(Column::Revision.gt(after))
        .filter(Column::Revision.lte(until));
    Ok(keys.into_tuple().all(db).await?)
}
