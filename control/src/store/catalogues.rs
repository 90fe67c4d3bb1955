//! What upstreams were found to offer.

use super::{
    Error, Tx,
    entity::{catalogue_items, catalogue_tools, catalogues},
};
use ostia_domain::{
    clock::Timestamp,
    tool::{Listed, Tier, Tool},
    upstream::{Catalogue, Era},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::*,
};
use std::collections::HashMap;

/// Rows of one statement: six columns each, far below the parameters that a database takes.
const CHUNK: usize = 500;

/// A catalogue with the time it was found.
#[derive(Clone, Debug)]
pub(crate) struct StoredCatalogue {
    pub(crate) catalogue: Catalogue,
    pub(crate) discovered_at: Timestamp,
}

/// Another one with everything that changes a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    upstream_version: i64,
    discovered_at: Timestamp,
}

/// Of all catalogues, by upstream.
pub(crate) async fn editions(db: &impl ConnectionTrait) -> Result<Vec<(Uuid, Edition)>, Error> {
    let rows = catalogues::Entity::find().all(db).await?;
    let editions = rows.into_iter().map(|row| {
        let edition = Edition {
            upstream_version: row.upstream_version,
            discovered_at: row.discovered_at,
        };
        (row.upstream_id, edition)
    });
    Ok(editions.collect())
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
    let of =
        catalogue_items::Entity::find().filter(catalogue_items::Column::UpstreamId.eq(upstream_id));
    let items = items(of, db).await?.remove(&upstream_id);
    read(row, tools, items.unwrap_or_default()).map(Some)
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
        capabilities: Set(found.capabilities.clone()),
        instructions: Set(found.instructions.clone()),
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
                asks_client: Set(tool.asks_client),
            }
        });
        catalogue_tools::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    insert_items(tx, found, PROMPT, &found.prompts).await?;
    insert_items(tx, found, RESOURCE, &found.resources).await?;
    insert_items(tx, found, TEMPLATE, &found.resource_templates).await
}

const PROMPT: &str = "prompt";
const RESOURCE: &str = "resource";
const TEMPLATE: &str = "template";

async fn insert_items(
    tx: &Tx,
    found: &Catalogue,
    kind: &str,
    items: &[Listed],
) -> Result<(), Error> {
    for (chunk, items) in items.chunks(CHUNK).enumerate() {
        let rows = items.iter().zip(chunk * CHUNK..).map(|(item, position)| {
            catalogue_items::ActiveModel {
                upstream_id: Set(found.upstream_id),
                kind: Set(kind.to_owned()),
                position: Set(i64::try_from(position).unwrap_or(i64::MAX)),
                name: Set(item.name.clone()),
                definition: Set(item.definition.clone()),
            }
        });
        catalogue_items::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// By upstream and kind, in the upstream's order.
type Items = HashMap<String, Vec<Listed>>;

async fn items(
    of: Select<catalogue_items::Entity>,
    db: &impl ConnectionTrait,
) -> Result<HashMap<Uuid, Items>, Error> {
    let mut items: HashMap<Uuid, Items> = HashMap::new();
    let rows = of.order_by_asc(catalogue_items::Column::Position).all(db);
    for row in rows.await? {
        let item = Listed {
            name: row.name,
            definition: row.definition,
        };
        let of_upstream = items.entry(row.upstream_id).or_default();
        of_upstream.entry(row.kind).or_default().push(item);
    }
    Ok(items)
}

/// What was found with one version of a definition holds for another one.
pub(crate) async fn carry_over(
    tx: &Tx,
    upstream_id: Uuid,
    from_version: u64,
    to_version: u64,
) -> Result<(), Error> {
    use catalogues::{Column, Entity};
    let number = |version| i64::try_from(version).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::UpstreamVersion, Expr::value(number(to_version)))
        .filter(Column::UpstreamId.eq(upstream_id))
        .filter(Column::UpstreamVersion.eq(number(from_version)))
        .exec(tx)
        .await?;
    Ok(())
}

fn read(
    row: catalogues::Model,
    tools: Vec<Tool>,
    mut items: Items,
) -> Result<StoredCatalogue, Error> {
    let mut of = |kind| items.remove(kind).unwrap_or_default();
    let unreadable =
        |what| Error::Unreadable(format!("the {what} of catalogue {}", row.upstream_id));
    Ok(StoredCatalogue {
        catalogue: Catalogue {
            upstream_id: row.upstream_id,
            upstream_version: u64::try_from(row.upstream_version)
                .map_err(|_| unreadable("version"))?,
            era: Era::parse(&row.era).ok_or_else(|| unreadable("era"))?,
            server_info: row.server_info,
            capabilities: row.capabilities,
            instructions: row.instructions,
            tools,
            prompts: of(PROMPT),
            resources: of(RESOURCE),
            resource_templates: of(TEMPLATE),
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
            asks_client: row.asks_client,
        })
    }
}
