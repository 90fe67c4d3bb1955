//! Upstreams, their sealed environment, and what they were found to offer.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(upstreams()).await?;
        manager.create_table(upstream_env()).await?;
        manager.create_table(catalogues()).await?;
        manager.create_table(catalogue_tools()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            CatalogueTools::Table.into_iden(),
            Catalogues::Table.into_iden(),
            UpstreamEnv::Table.into_iden(),
            Upstreams::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn upstreams() -> TableCreateStatement {
    Table::create()
        .table(Upstreams::Table)
        .col(pk_uuid(Upstreams::Id))
        .col(text_uniq(Upstreams::Name))
        .col(big_integer(Upstreams::Version))
        .col(boolean(Upstreams::Enabled))
        .col(boolean(Upstreams::Demo))
        .col(text(Upstreams::Program))
        .col(json_binary(Upstreams::Args))
        .col(text_null(Upstreams::Cwd))
        .col(text(Upstreams::Protocol))
        .col(json_binary(Upstreams::Pool))
        .col(big_integer(Upstreams::CallTimeoutMs))
        .col(text_null(Upstreams::Problem))
        .col(timestamp_with_time_zone(Upstreams::CreatedAt))
        .take()
}

fn upstream_env() -> TableCreateStatement {
    Table::create()
        .table(UpstreamEnv::Table)
        .col(uuid(UpstreamEnv::UpstreamId))
        .col(text(UpstreamEnv::Name))
        .col(binary(UpstreamEnv::Sealed))
        .primary_key(
            Index::create()
                .col(UpstreamEnv::UpstreamId)
                .col(UpstreamEnv::Name),
        )
        .foreign_key(
            ForeignKey::create()
                .name("upstream_env_upstream")
                .from(UpstreamEnv::Table, UpstreamEnv::UpstreamId)
                .to(Upstreams::Table, Upstreams::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn catalogues() -> TableCreateStatement {
    Table::create()
        .table(Catalogues::Table)
        .col(pk_uuid(Catalogues::UpstreamId))
        .col(big_integer(Catalogues::UpstreamVersion))
        .col(text(Catalogues::Era))
        .col(text(Catalogues::ServerInfo))
        .col(timestamp_with_time_zone(Catalogues::DiscoveredAt))
        .foreign_key(
            ForeignKey::create()
                .name("catalogues_upstream")
                .from(Catalogues::Table, Catalogues::UpstreamId)
                .to(Upstreams::Table, Upstreams::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn catalogue_tools() -> TableCreateStatement {
    Table::create()
        .table(CatalogueTools::Table)
        .col(uuid(CatalogueTools::UpstreamId))
        // The upstream's own order, from 0.
        .col(big_integer(CatalogueTools::Position))
        .col(text(CatalogueTools::Name))
        .col(text(CatalogueTools::Tier))
        // Text, not JSON: a database that parses it gives back other bytes.
        .col(text(CatalogueTools::Definition))
        .primary_key(
            Index::create()
                .col(CatalogueTools::UpstreamId)
                .col(CatalogueTools::Position),
        )
        .foreign_key(
            ForeignKey::create()
                .name("catalogue_tools_catalogue")
                .from(CatalogueTools::Table, CatalogueTools::UpstreamId)
                .to(Catalogues::Table, Catalogues::UpstreamId)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

#[derive(DeriveIden)]
enum Upstreams {
    Table,
    Id,
    Name,
    Version,
    Enabled,
    Demo,
    Program,
    Args,
    Cwd,
    Protocol,
    Pool,
    CallTimeoutMs,
    Problem,
    CreatedAt,
}

#[derive(DeriveIden)]
enum UpstreamEnv {
    Table,
    UpstreamId,
    Name,
    Sealed,
}

#[derive(DeriveIden)]
enum Catalogues {
    Table,
    UpstreamId,
    UpstreamVersion,
    Era,
    ServerInfo,
    DiscoveredAt,
}

#[derive(DeriveIden)]
enum CatalogueTools {
    Table,
    UpstreamId,
    Position,
    Name,
    Tier,
    Definition,
}
