//! Prices.

use super::{
    Error, Tx,
    entity::prices::{ActiveModel, Column, Entity, Model},
    reference,
};
use ostia_domain::{
    clock::Timestamp,
    glob::Glob,
    price::{Currency, Price},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};

/// A price with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredPrice {
    pub(crate) price: Price,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// By their tools.
pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredPrice>, Error> {
    let rows = Entity::find().order_by_asc(Column::Tools).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// By id or tools.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredPrice>, Error> {
    let by = reference::by(reference, Column::Id, Column::Tools);
    let row = Entity::find().filter(by).one(db).await?;
    row.map(TryInto::try_into).transpose()
}

/// Fails with [`Error::Taken`] when the same tools have one.
pub(crate) async fn insert(tx: &Tx, stored: &StoredPrice) -> Result<(), Error> {
    Entity::insert(row(stored))
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub(crate) async fn update(tx: &Tx, stored: &StoredPrice) -> Result<(), Error> {
    Entity::update(row(stored)).exec(tx).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn row(stored: &StoredPrice) -> ActiveModel {
    let price = &stored.price;
    ActiveModel {
        id: Set(price.id),
        tools: Set(price.tools.as_str().to_owned()),
        // More than anything costs is refused before.
        micros: Set(i64::try_from(price.micros).unwrap_or(i64::MAX)),
        currency: Set(price.currency.as_str().to_owned()),
        created_at: Set(stored.created_at),
        updated_at: Set(stored.updated_at),
    }
}

impl TryFrom<Model> for StoredPrice {
    type Error = Error;
    fn try_from(row: Model) -> Result<Self, Error> {
        let unreadable = || Error::Unreadable(format!("price {}", row.id));
        Ok(Self {
            price: Price {
                id: row.id,
                tools: Glob::new(row.tools.as_str()).map_err(|_| unreadable())?,
                micros: u64::try_from(row.micros).map_err(|_| unreadable())?,
                currency: Currency::new(&row.currency).map_err(|_| unreadable())?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
