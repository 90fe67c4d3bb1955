//! What may be done, and how much of it.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let policies = Table::create()
            .table(Policies::Table)
            .col(pk_uuid(Policies::Id))
            .col(text_uniq(Policies::Name))
            .col(json_binary(Policies::Rules))
            .col(text_null(Policies::Preset))
            .col(timestamp_with_time_zone(Policies::CreatedAt))
            .col(timestamp_with_time_zone(Policies::UpdatedAt))
            .take();
        let plans = Table::create()
            .table(Plans::Table)
            .col(pk_uuid(Plans::Id))
            .col(text_uniq(Plans::Name))
            .col(big_integer_null(Plans::CallsPerMinute))
            .col(big_integer_null(Plans::Burst))
            .col(big_integer_null(Plans::MaxInFlight))
            .col(timestamp_with_time_zone(Plans::CreatedAt))
            .take();
        manager.create_table(policies).await?;
        manager.create_table(plans).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [Plans::Table.into_iden(), Policies::Table.into_iden()] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Policies {
    Table,
    Id,
    Name,
    Rules,
    Preset,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Plans {
    Table,
    Id,
    Name,
    CallsPerMinute,
    Burst,
    MaxInFlight,
    CreatedAt,
}
