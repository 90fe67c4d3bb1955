//! Since when a key was not used that is inactive for it, and when one was switched on last.

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
        for column in [ApiKeys::ActivatedAt, ApiKeys::IdleSince] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .add_column(timestamp_with_time_zone_null(column))
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [ApiKeys::ActivatedAt, ApiKeys::IdleSince] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum ApiKeys {
    Table,
    ActivatedAt,
    IdleSince,
}
