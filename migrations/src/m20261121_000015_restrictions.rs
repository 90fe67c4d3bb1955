//! What keys are held to besides policies, who used them last, and quotas.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column in each statement: SQLite adds no more at once.
        for column in [
            json_binary_null(ApiKeys::Restrictions),
            text_null(ApiKeys::LastUsedAddress),
            text_null(ApiKeys::LastUsedClient),
        ] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .add_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        let quota = Table::alter()
            .table(Plans::Table)
            .add_column(big_integer_null(Plans::CallsPerMonth))
            .take();
        manager.alter_table(quota).await?;
        let leases = Table::create()
            .table(QuotaLeases::Table)
            // A key or a user. Without a reference: what was leased stays when the key goes.
            .col(uuid(QuotaLeases::SubjectId))
            // The plan, or the key itself for its own quota.
            .col(uuid(QuotaLeases::LimitId))
            // As 202611.
            .col(big_integer(QuotaLeases::Month))
            .col(big_integer(QuotaLeases::Calls))
            .primary_key(
                Index::create()
                    .col(QuotaLeases::SubjectId)
                    .col(QuotaLeases::LimitId)
                    .col(QuotaLeases::Month),
            )
            .take();
        manager.create_table(leases).await
    }

    /// Keys with restrictions become inactive: the step before would hold them to nothing.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let inactive = Query::update()
            .table(ApiKeys::Table)
            .value(ApiKeys::Active, false)
            .and_where(Expr::col(ApiKeys::Restrictions).is_not_null())
            .take();
        manager.exec_stmt(inactive).await?;
        let leases = Table::drop().table(QuotaLeases::Table).take();
        manager.drop_table(leases).await?;
        let quota = Table::alter()
            .table(Plans::Table)
            .drop_column(Plans::CallsPerMonth)
            .take();
        manager.alter_table(quota).await?;
        for column in [
            ApiKeys::Restrictions,
            ApiKeys::LastUsedAddress,
            ApiKeys::LastUsedClient,
        ] {
            let change = Table::alter()
                .table(ApiKeys::Table)
                .drop_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum ApiKeys {
    Table,
    Active,
    Restrictions,
    LastUsedAddress,
    LastUsedClient,
}

#[derive(DeriveIden)]
enum Plans {
    Table,
    CallsPerMonth,
}

#[derive(DeriveIden)]
enum QuotaLeases {
    Table,
    SubjectId,
    LimitId,
    Month,
    Calls,
}
