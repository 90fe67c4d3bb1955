//! How large a call was, and what its upstream answered with, where audit tells of it.
//!
//! The hash of a call that has them covers them. Whoever goes back to the step before takes them away, and a version
//! of that step says that those calls were changed.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// One statement each: SQLite takes one change of a table at a time. On PostgreSQL partitions follow.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null(AuditEvents::RequestBytes),
            big_integer_null(AuditEvents::ResultBytes),
            small_integer_null(AuditEvents::UpstreamStatus),
        ] {
            let change = Table::alter()
                .table(AuditEvents::Table)
                .add_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            AuditEvents::RequestBytes,
            AuditEvents::ResultBytes,
            AuditEvents::UpstreamStatus,
        ] {
            let change = Table::alter()
                .table(AuditEvents::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum AuditEvents {
    Table,
    RequestBytes,
    ResultBytes,
    UpstreamStatus,
}
