//! Upstreams whose calls audit keeps the arguments of, and these.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keep = Table::alter()
            .table(Upstreams::Table)
            .add_column(boolean(Upstreams::KeepArguments).default(false))
            .take();
        manager.alter_table(keep).await?;
        let arguments = Table::create()
            .table(AuditArguments::Table)
            // Without a reference: on PostgreSQL events go with their month, and this when it is old enough.
            .col(uuid(AuditArguments::EventId).primary_key())
            .col(text(AuditArguments::Arguments))
            .col(boolean(AuditArguments::Cut))
            .take();
        manager.create_table(arguments).await
    }

    /// What was kept is lost; the digests in audit events stay.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let arguments = Table::drop().table(AuditArguments::Table).take();
        manager.drop_table(arguments).await?;
        let keep = Table::alter()
            .table(Upstreams::Table)
            .drop_column(Upstreams::KeepArguments)
            .take();
        manager.alter_table(keep).await
    }
}

#[derive(DeriveIden)]
enum Upstreams {
    Table,
    KeepArguments,
}

#[derive(DeriveIden)]
enum AuditArguments {
    Table,
    EventId,
    Arguments,
    Cut,
}
