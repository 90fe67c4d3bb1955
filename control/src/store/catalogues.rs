//! What upstreams were found to offer.

use super::{
    Error, Tx,
    entity::{catalogue_tools, catalogues},
};
use ostia_domain::{
    clock::Timestamp,
    tool::{Tier, Tool},
    upstream::{Catalogue, Era},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::collections::HashMap;

/// Rows of one statement: five columns each, far below the parameters that a database takes.
const CHUNK: usize = 500;

/// A catalogue with the time it was found.
#[derive(Clone, Debug)]
pub(crate) struct StoredCatalogue {
    pub(crate) catalogue: Catalogue,
    pub(crate) discovered_at: Timestamp,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredCatalogue>, Error> {
    let rows = catalogues::Entity::find().all(db).await?;
    let mut tools: HashMap<Uuid, Vec<Tool>> = HashMap::new();
    let found = catalogue_tools::Entity::find()
        .order_by_asc(catalogue_tools::Column::UpstreamId)
        .order_by_asc(catalogue_tools::Column::Position);
    for row in found.all(db).await? {
        tools
            .entry(row.upstream_id)
            .or_default()
            .push(row.try_into()?);
    }
    rows.into_iter()
        .map(|row| {
            let tools = tools.remove(&row.upstream_id).unwrap_or_default();
            read(row, tools)
        })
        .collect()
}

pub(crate) async fn find(
    db: &impl ConnectionTrait,
    upstream_id: Uuid,
) -> Result<Option<StoredCatalogue>, Error> {
    let Some(row) = catalogues::Entity::find_by_id(upstream_id).one(db).await? else {
        return Ok(None);
    };
    let tools = catalogue_tools::Entity::find()
        .filter(catalogue_tools::Column::UpstreamId.eq(upstream_id))
        .order_by_asc(catalogue_tools::Column::Position)
        .all(db)
        .await?;
    let tools = tools
        .into_iter()
        .map(TryInto::try_into)
        .collect::<Result<_, _>>()?;
    read(row, tools).map(Some)
}

/// Replaces all that was found before.
pub(crate) async fn replace(tx: &Tx, found: &Catalogue, now: Timestamp) -> Result<(), Error> {
    catalogues::Entity::delete_by_id(found.upstream_id)
        .exec(tx)
        .await?;
    let row = catalogues::ActiveModel {
        upstream_id: Set(found.upstream_id),
        upstream_version: Set(i64::try_from(found.upstream_version).unwrap_or(i64::MAX)),
        era: Set(found.era.as_str().to_owned()),
        server_info: Set(found.server_info.clone()),
        discovered_at: Set(now),
    };
    catalogues::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    for (chunk, tools) in found.tools.chunks(CHUNK).enumerate() {
        let rows = tools.iter().zip(chunk * CHUNK..).map(|(tool, position)| {
            catalogue_tools::ActiveModel {
                upstream_id: Set(found.upstream_id),
                position: Set(i64::try_from(position).unwrap_or(i64::MAX)),
                name: Set(tool.name.clone()),
                tier: Set(tool.tier.as_str().to_owned()),
                definition: Set(tool.definition.clone()),
            }
        });
        catalogue_tools::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

fn read(row: catalogues::Model, tools: Vec<Tool>) -> Result<StoredCatalogue, Error> {
    let unreadable =
        |what| Error::Unreadable(format!("the {what} of catalogue {}", row.upstream_id));
    Ok(StoredCatalogue {
        catalogue: Catalogue {
            upstream_id: row.upstream_id,
            upstream_version: u64::try_from(row.upstream_version)
                .map_err(|_| unreadable("version"))?,
            era: Era::parse(&row.era).ok_or_else(|| unreadable("era"))?,
            server_info: row.server_info,
            tools,
        },
        discovered_at: row.discovered_at,
    })
}

impl TryFrom<catalogue_tools::Model> for Tool {
    type Error = Error;
    fn try_from(row: catalogue_tools::Model) -> Result<Self, Error> {
        let tier = [Tier::Read, Tier::Write, Tier::Destructive]
            .into_iter()
            .find(|tier| tier.as_str() == row.tier)
            // One that this build does not know is treated as the worst.
            .unwrap_or(Tier::Destructive);
        Ok(Self {
            name: row.name,
            definition: row.definition,
            tier,
        })
    }
}
