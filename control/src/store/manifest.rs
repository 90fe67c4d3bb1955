//! Which objects a manifest made.
//!
//! One that is removed by hand leaves its mark behind, which nothing is ever found by again.

use super::{
    Error, Tx,
    entity::manifest_objects::{ActiveModel, Column, Entity},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, prelude::*,
};
use std::collections::HashSet;

pub(crate) async fn mark(tx: &Tx, kind: &str, id: Uuid) -> Result<(), Error> {
    let row = ActiveModel {
        kind: Set(kind.to_owned()),
        object_id: Set(id),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) async fn unmark(tx: &Tx, kind: &str, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id((kind.to_owned(), id)).exec(tx).await?;
    Ok(())
}

pub(crate) async fn marked(db: &impl ConnectionTrait, kind: &str) -> Result<HashSet<Uuid>, Error> {
    let ids = Entity::find()
        .select_only()
        .column(Column::ObjectId)
        .filter(Column::Kind.eq(kind));
    let ids: Vec<Uuid> = ids.into_tuple().all(db).await?;
    Ok(ids.into_iter().collect())
}
