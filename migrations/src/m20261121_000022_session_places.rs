//! Where somebody is signed in, as they recognise it.

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
        for column in [
            timestamp_with_time_zone_null(BrowserSessions::UsedAt),
            text_null(BrowserSessions::Address),
            text_null(BrowserSessions::Agent),
        ] {
            let change = Table::alter()
                .table(BrowserSessions::Table)
                .add_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            BrowserSessions::UsedAt,
            BrowserSessions::Address,
            BrowserSessions::Agent,
        ] {
            let change = Table::alter()
                .table(BrowserSessions::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum BrowserSessions {
    Table,
    UsedAt,
    Address,
    Agent,
}
