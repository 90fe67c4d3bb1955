//! Where somebody is told by mail, and which idle keys their owner was told of.

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
        let address = Table::alter()
            .table(Users::Table)
            .add_column(text_null(Users::Email))
            .take();
        manager.alter_table(address).await?;
        for column in [ApiKeys::IdleTellingAt, ApiKeys::IdleToldAt] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .add_column(timestamp_with_time_zone_null(column))
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [ApiKeys::IdleTellingAt, ApiKeys::IdleToldAt] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        let address = Table::alter()
            .table(Users::Table)
            .drop_column(Users::Email)
            .take();
        manager.alter_table(address).await
    }
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Email,
}

#[derive(DeriveIden)]
enum ApiKeys {
    Table,
    IdleTellingAt,
    IdleToldAt,
}
