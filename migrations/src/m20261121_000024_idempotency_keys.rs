//! Requests that are done once however often they are sent, and what was answered.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(IdempotencyKeys::Table)
            // Hashes: what somebody chose as a key may say something.
            .col(binary(IdempotencyKeys::KeyHash).primary_key())
            .col(binary(IdempotencyKeys::RequestHash))
            .col(uuid_uniq(IdempotencyKeys::Claim))
            .col(timestamp_with_time_zone(IdempotencyKeys::ClaimedAt))
            .col(timestamp_with_time_zone(IdempotencyKeys::ExpiresAt))
            .col(boolean(IdempotencyKeys::Marked))
            .col(small_integer_null(IdempotencyKeys::Status))
            .col(binary_null(IdempotencyKeys::Answer))
            .take();
        manager.create_table(table).await?;
        let end = Index::create()
            .name("idempotency_keys_end")
            .table(IdempotencyKeys::Table)
            .col(IdempotencyKeys::ExpiresAt)
            .take();
        manager.create_index(end).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(IdempotencyKeys::Table).take();
        manager.drop_table(table).await
    }
}

#[derive(DeriveIden)]
enum IdempotencyKeys {
    Table,
    KeyHash,
    RequestHash,
    Claim,
    ClaimedAt,
    ExpiresAt,
    Marked,
    Status,
    Answer,
}
