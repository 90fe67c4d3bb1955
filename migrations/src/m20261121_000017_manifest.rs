//! What a manifest made, so that a later one may take it away again.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let objects = Table::create()
            .table(ManifestObjects::Table)
            // As a manifest calls its list.
            .col(text(ManifestObjects::Kind))
            // Without a reference: it would be to one of six tables. An id never comes again.
            .col(uuid(ManifestObjects::ObjectId))
            .primary_key(
                Index::create()
                    .col(ManifestObjects::Kind)
                    .col(ManifestObjects::ObjectId),
            )
            .take();
        manager.create_table(objects).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(ManifestObjects::Table).take();
        manager.drop_table(table).await
    }
}

#[derive(DeriveIden)]
enum ManifestObjects {
    Table,
    Kind,
    ObjectId,
}
