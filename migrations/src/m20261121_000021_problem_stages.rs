//! At which stage an upstream fails, and since when.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// One statement each: SQLite takes one change of a table at a time. A problem that is there already has
    /// neither.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            string_null(Upstreams::ProblemStage),
            timestamp_with_time_zone_null(Upstreams::ProblemSince),
        ] {
            let change = Table::alter()
                .table(Upstreams::Table)
                .add_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Upstreams::ProblemStage, Upstreams::ProblemSince] {
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
    ProblemStage,
    ProblemSince,
}
