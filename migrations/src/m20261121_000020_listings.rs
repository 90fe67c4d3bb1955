//! Which listing of an upstream was asked for, and which one edges have done.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// One statement each: SQLite takes one change of a table at a time.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Upstreams::ListingAsked, Upstreams::ListingDone] {
            let change = Table::alter()
                .table(Upstreams::Table)
                .add_column(big_integer(column).default(0))
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Upstreams::ListingAsked, Upstreams::ListingDone] {
            let change = Table::alter()
                .table(Upstreams::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Upstreams {
    Table,
    ListingAsked,
    ListingDone,
}
