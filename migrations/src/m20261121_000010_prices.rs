//! What calls cost.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let prices = Table::create()
            .table(Prices::Table)
            .col(pk_uuid(Prices::Id))
            // Over `<upstream>.<tool>`.
            .col(text_uniq(Prices::Tools))
            // Of one call, in millionths of the currency.
            .col(big_integer(Prices::Micros))
            .col(text(Prices::Currency))
            .col(timestamp_with_time_zone(Prices::CreatedAt))
            .col(timestamp_with_time_zone(Prices::UpdatedAt))
            .take();
        manager.create_table(prices).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(Prices::Table).take();
        manager.drop_table(table).await
    }
}

#[derive(DeriveIden)]
enum Prices {
    Table,
    Id,
    Tools,
    Micros,
    Currency,
    CreatedAt,
    UpdatedAt,
}
