//! Kept arguments, sealed by the vault of control.
//!
//! Those of before stay as they are until `ostia vault rotate` seals them: no step has a master key. Whoever goes back
//! to the step before loses those that are sealed, which a version of that step could not open.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sealed = Table::alter()
            .table(AuditArguments::Table)
            .add_column(binary_null(AuditArguments::Sealed))
            .take();
        manager.alter_table(sealed).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut gone = Query::delete();
        gone.from_table(AuditArguments::Table)
            .and_where(Expr::col(AuditArguments::Sealed).is_not_null());
        manager.exec_stmt(gone).await?;
        let sealed = Table::alter()
            .table(AuditArguments::Table)
            .drop_column(AuditArguments::Sealed)
            .take();
        manager.alter_table(sealed).await
    }
}

#[derive(DeriveIden)]
enum AuditArguments {
    Table,
    Sealed,
}
