//! Every value that the vault sealed, wherever it belongs. Arguments of calls are in [`audit::arguments`].

use super::{
    Error, Tx, audit,
    entity::upstream_env::{Column, Entity, Model},
};
use sea_orm::{ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect, prelude::*};
use std::collections::BTreeMap;

/// A sealed value and its place.
#[derive(Clone, Debug)]
pub(crate) struct SealedValue {
    pub(crate) upstream_id: Uuid,
    pub(crate) name: String,
    pub(crate) sealed: Vec<u8>,
}

/// How many values begin with each key id of this length, credentials and arguments.
pub(crate) async fn count_by_key_id(
    db: &impl ConnectionTrait,
    length: usize,
) -> Result<BTreeMap<Vec<u8>, u64>, Error> {
    let counts: Vec<(Vec<u8>, i64)> = Entity::find()
        .select_only()
        .expr(key_id(length))
        .expr(Column::Name.count())
        .group_by(key_id(length))
        .into_tuple()
        .all(db)
        .await?;
    let arguments = audit::arguments::count_by_key_id(db, length).await?;
    let mut sums = BTreeMap::new();
    for (id, n) in counts.into_iter().chain(arguments) {
        *sums.entry(id).or_default() += n.unsigned_abs();
    }
    Ok(sums)
}

/// Values that do not begin with this key id, by their places, from after one of them.
pub(crate) async fn of_other_keys(
    tx: &Tx,
    id: &[u8],
    after: Option<&SealedValue>,
    limit: u64,
) -> Result<Vec<SealedValue>, Error> {
    let others = Entity::find().filter(key_id(id.len()).ne(id.to_vec()));
    let mut page = others.cursor_by((Column::UpstreamId, Column::Name));
    if let Some(last) = after {
        page.after((last.upstream_id, last.name.clone()));
    }
    let rows = page.first(limit).all(tx).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Puts another sealing of the same value in its place. `false`: the value was changed meanwhile, and
/// is as it was changed to.
pub(crate) async fn replace(tx: &Tx, value: &SealedValue, sealed: Vec<u8>) -> Result<bool, Error> {
    let replaced = Entity::update_many()
        .col_expr(Column::Sealed, Expr::value(sealed))
        .filter(Column::UpstreamId.eq(value.upstream_id))
        .filter(Column::Name.eq(&*value.name))
        .filter(Column::Sealed.eq(value.sealed.clone()))
        .exec(tx)
        .await?;
    Ok(replaced.rows_affected == 1)
}

/// Written out: PostgreSQL does not see that two expressions with parameters are the same.
fn key_id(length: usize) -> Expr {
    Expr::cust(format!("substr(sealed, 1, {length})"))
}

impl From<Model> for SealedValue {
    fn from(row: Model) -> Self {
        Self {
            upstream_id: row.upstream_id,
            name: row.name,
            sealed: row.sealed,
        }
    }
}
