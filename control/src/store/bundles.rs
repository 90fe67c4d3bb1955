//! Bundles.

use super::{
    Error, Tx,
    entity::bundles::{ActiveModel, Column, Entity, Model},
    reference,
};
use ostia_domain::{
    bundle::{Bundle, Selection},
    clock::Timestamp,
    name::UpstreamName,
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};

/// A bundle with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredBundle {
    pub(crate) bundle: Bundle,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredBundle>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Those that edges can use: one that cannot be read must not keep every other change from them.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<Vec<Bundle>, Error> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    let read = rows.into_iter().filter_map(|row| {
        StoredBundle::try_from(row)
            .inspect_err(|error| tracing::error!(%error, "a bundle is left out: it is not served"))
            .ok()
    });
    Ok(read.map(|stored| stored.bundle).collect())
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredBundle>, Error> {
    let by = reference::by(reference, Column::Id, Column::Name);
    let row = Entity::find().filter(by).one(db).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn insert(tx: &Tx, stored: &StoredBundle) -> Result<(), Error> {
    let bundle = &stored.bundle;
    let row = ActiveModel {
        id: Set(bundle.id),
        name: Set(bundle.name.to_string()),
        selection: Set(to_json(&bundle.selection)?),
        created_at: Set(stored.created_at),
        updated_at: Set(stored.updated_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) async fn set_selection(
    tx: &Tx,
    id: Uuid,
    selection: &Selection,
    now: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Selection, Expr::value(to_json(selection)?))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn to_json(selection: &Selection) -> Result<Json, Error> {
    serde_json::to_value(selection)
        .map_err(|error| Error::Unreadable(format!("selection ({error})")))
}

impl TryFrom<Model> for StoredBundle {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let unreadable = |what: String| Error::Unreadable(format!("bundle {} ({what})", row.id));
        Ok(Self {
            bundle: Bundle {
                id: row.id,
                name: UpstreamName::new(row.name.clone())
                    .map_err(|error| unreadable(error.to_string()))?,
                selection: serde_json::from_value(row.selection.clone())
                    .map_err(|error| unreadable(error.to_string()))?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
