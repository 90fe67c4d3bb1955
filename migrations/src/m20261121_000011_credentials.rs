//! What is presented to an upstream over HTTP beside headers. Its secret is a row of `upstream_env`.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let credential = json_binary_null(Upstreams::Credential);
        let change = Table::alter()
            .table(Upstreams::Table)
            .add_column(credential)
            .take();
        manager.alter_table(change).await
    }

    /// Upstreams with such a credential are lost: the step before would call them without it.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let with_one = Query::delete()
            .from_table(Upstreams::Table)
            .and_where(Expr::col(Upstreams::Credential).is_not_null())
            .take();
        manager.exec_stmt(with_one).await?;
        let change = Table::alter()
            .table(Upstreams::Table)
            .drop_column(Upstreams::Credential)
            .take();
        manager.alter_table(change).await
    }
}

#[derive(DeriveIden)]
enum Upstreams {
    Table,
    Credential,
}
