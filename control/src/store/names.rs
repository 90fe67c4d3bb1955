//! From ids to the names that people gave: answers name owners, policies and plans, tables hold ids.

use super::{Error, entity};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, prelude::*};
use std::collections::{HashMap, HashSet};

pub(crate) struct Names(HashMap<Uuid, String>);

pub(crate) async fn of_policies(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names, Error> {
    use entity::policies::{Column, Entity};
    select::<Entity>(db, Column::Id, Column::Name, ids).await
}

pub(crate) async fn of_keys(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names, Error> {
    use entity::api_keys::{Column, Entity};
    select::<Entity>(db, Column::Id, Column::Name, ids).await
}

pub(crate) async fn of_plans(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names, Error> {
    use entity::plans::{Column, Entity};
    select::<Entity>(db, Column::Id, Column::Name, ids).await
}

pub(crate) async fn of_users(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names, Error> {
    use entity::users::{Column, Entity};
    select::<Entity>(db, Column::Id, Column::Name, ids).await
}

async fn select<E: EntityTrait>(
    db: &impl ConnectionTrait,
    id: E::Column,
    name: E::Column,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names, Error> {
    let ids: HashSet<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Names(HashMap::new()));
    }
    let query = E::find()
        .select_only()
        .column(id)
        .column(name)
        .filter(id.is_in(ids));
    let rows: Vec<(Uuid, String)> = query.into_tuple().all(db).await?;
    Ok(Names(rows.into_iter().collect()))
}

impl Names {
    /// Empty when the object went between two statements.
    pub(crate) fn get(&self, id: Uuid) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    /// In order of the names.
    pub(crate) fn all(&self, ids: &[Uuid]) -> Vec<String> {
        let mut names: Vec<_> = ids.iter().map(|id| self.get(*id)).collect();
        names.sort_unstable();
        names
    }
}
