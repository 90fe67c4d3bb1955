//! Quotas of a day, beside those of a month.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Never more in a day than the plan allowed: the step before knows no days, so a month gets what a day had.
const PLANS: &str = "UPDATE plans SET calls_per_month = calls_per_day \
    WHERE calls_per_day < calls_per_month OR (calls_per_day IS NOT NULL AND calls_per_month IS NULL)";

/// Keys with a quota of a day become inactive, which the step before could not read.
const KEYS_SQLITE: &str = "UPDATE api_keys SET active = FALSE, \
        restrictions = json_remove(restrictions, '$.limits.calls_per_day') \
    WHERE json_extract(restrictions, '$.limits.calls_per_day') IS NOT NULL";
const KEYS_POSTGRES: &str = "UPDATE api_keys SET active = FALSE, \
        restrictions = restrictions #- '{limits,calls_per_day}' \
    WHERE restrictions #> '{limits,calls_per_day}' IS NOT NULL";

/// Of days, whose numbers are above those of all months. Nobody would ever look for them.
const LEASES: &str = "DELETE FROM quota_leases WHERE month > 9999999";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// What was taken of a day is in `quota_leases` under the number of the day, in the column for that of the month:
    /// versions before write to it while replicas are replaced, so it keeps its name.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let quota = Table::alter()
            .table(Plans::Table)
            .add_column(big_integer_null(Plans::CallsPerDay))
            .take();
        manager.alter_table(quota).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = match manager.get_database_backend() {
            DbBackend::Postgres => KEYS_POSTGRES,
            _ => KEYS_SQLITE,
        };
        for statement in [PLANS, keys, LEASES] {
            let db = manager.get_connection();
            db.execute_unprepared(statement).await?;
        }
        let quota = Table::alter()
            .table(Plans::Table)
            .drop_column(Plans::CallsPerDay)
            .take();
        manager.alter_table(quota).await
    }
}

#[derive(DeriveIden)]
enum Plans {
    Table,
    CallsPerDay,
}
