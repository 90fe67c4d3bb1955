//! Upstreams over HTTP, prompts and resources in catalogues, and bundles.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column in each statement: SQLite adds no more at once.
        for column in [
            text(Upstreams::Transport).default("stdio").take(),
            // Of an upstream over HTTP; `program` is empty then.
            text_null(Upstreams::Url),
            boolean(Upstreams::AllowPrivateNetwork)
                .default(false)
                .take(),
            text(Upstreams::Isolation).default("shared").take(),
        ] {
            add(manager, Upstreams::Table.into_iden(), column).await?;
        }
        for column in [
            text(Catalogues::Capabilities).default("{}").take(),
            text_null(Catalogues::Instructions),
        ] {
            add(manager, Catalogues::Table.into_iden(), column).await?;
        }
        let asks_client = boolean(CatalogueTools::AsksClient).default(false).take();
        add(manager, CatalogueTools::Table.into_iden(), asks_client).await?;
        manager.create_table(catalogue_items()).await?;
        manager.create_table(bundles()).await
    }

    /// Upstreams over HTTP are lost: the step before has no words for them.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let over_http = Query::delete()
            .from_table(Upstreams::Table)
            .and_where(Expr::col(Upstreams::Transport).ne("stdio"))
            .take();
        manager.exec_stmt(over_http).await?;
        for table in [
            Bundles::Table.into_iden(),
            CatalogueItems::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        for (table, column) in [
            (
                CatalogueTools::Table.into_iden(),
                CatalogueTools::AsksClient.into_iden(),
            ),
            (
                Catalogues::Table.into_iden(),
                Catalogues::Capabilities.into_iden(),
            ),
            (
                Catalogues::Table.into_iden(),
                Catalogues::Instructions.into_iden(),
            ),
            (
                Upstreams::Table.into_iden(),
                Upstreams::Transport.into_iden(),
            ),
            (Upstreams::Table.into_iden(), Upstreams::Url.into_iden()),
            (
                Upstreams::Table.into_iden(),
                Upstreams::AllowPrivateNetwork.into_iden(),
            ),
            (
                Upstreams::Table.into_iden(),
                Upstreams::Isolation.into_iden(),
            ),
        ] {
            let change = Table::alter().table(table).drop_column(column).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

async fn add(manager: &SchemaManager<'_>, table: DynIden, column: ColumnDef) -> Result<(), DbErr> {
    let change = Table::alter().table(table).add_column(column).take();
    manager.alter_table(change).await
}

/// Prompts, resources and resource templates.
fn catalogue_items() -> TableCreateStatement {
    Table::create()
        .table(CatalogueItems::Table)
        .col(uuid(CatalogueItems::UpstreamId))
        .col(text(CatalogueItems::Kind))
        // The upstream's own order, from 0.
        .col(big_integer(CatalogueItems::Position))
        .col(text(CatalogueItems::Name))
        // Text, not JSON: a database that parses it gives back other bytes.
        .col(text(CatalogueItems::Definition))
        .primary_key(
            Index::create()
                .col(CatalogueItems::UpstreamId)
                .col(CatalogueItems::Kind)
                .col(CatalogueItems::Position),
        )
        .foreign_key(
            ForeignKey::create()
                .name("catalogue_items_catalogue")
                .from(CatalogueItems::Table, CatalogueItems::UpstreamId)
                .to(Catalogues::Table, Catalogues::UpstreamId)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn bundles() -> TableCreateStatement {
    Table::create()
        .table(Bundles::Table)
        .col(pk_uuid(Bundles::Id))
        .col(text_uniq(Bundles::Name))
        .col(json_binary(Bundles::Selection))
        .col(timestamp_with_time_zone(Bundles::CreatedAt))
        .col(timestamp_with_time_zone(Bundles::UpdatedAt))
        .take()
}

#[derive(DeriveIden)]
enum Upstreams {
    Table,
    Transport,
    Url,
    AllowPrivateNetwork,
    Isolation,
}

#[derive(DeriveIden)]
enum Catalogues {
    Table,
    UpstreamId,
    Capabilities,
    Instructions,
}

#[derive(DeriveIden)]
enum CatalogueTools {
    Table,
    AsksClient,
}

#[derive(DeriveIden)]
enum CatalogueItems {
    Table,
    UpstreamId,
    Kind,
    Position,
    Name,
    Definition,
}

#[derive(DeriveIden)]
enum Bundles {
    Table,
    Id,
    Name,
    Selection,
    CreatedAt,
    UpdatedAt,
}
