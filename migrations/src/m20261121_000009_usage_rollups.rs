//! Usage by the hour and by the day.
//!
//! What is there is counted in, so that sums begin where the records do. Rows are found by their whole
//! key and added to, so nothing in it is NULL: nobody is the nil UUID, and no name is empty. Tables have
//! no other index; a bucket is a range of the key.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Upper bounds of the columns `took_0` to `took_9`, in microseconds; `took_10` is for the rest.
const BOUNDS_US: [i64; 10] = [
    1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000,
];
/// Larger values of one call count as this, so that a sum stays a number.
const MOST: i64 = 1 << 40;
/// Of names in keys, in characters.
const LONGEST_NAME: usize = 200;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cached = boolean(UsageRecords::Cached).default(false).take();
        let change = Table::alter()
            .table(UsageRecords::Table)
            .add_column(cached)
            .take();
        manager.alter_table(change).await?;
        for (name, seconds) in TABLES {
            let mut table = rollup(name);
            if manager.get_database_backend() == DbBackend::Sqlite {
                // One tree per table instead of a table and its index.
                table.extra("WITHOUT ROWID");
            }
            manager.create_table(table).await?;
            let fill = fill(manager.get_database_backend(), name, seconds);
            manager.get_connection().execute_unprepared(&fill).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in TABLES {
            let table = Table::drop().table(name).take();
            manager.drop_table(table).await?;
        }
        let change = Table::alter()
            .table(UsageRecords::Table)
            .drop_column(UsageRecords::Cached)
            .take();
        manager.alter_table(change).await
    }
}

/// And the seconds of their buckets.
const TABLES: [(&str, i64); 2] = [("usage_hours", 3_600), ("usage_days", 86_400)];

fn rollup(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create()
        .table(name)
        // Unix time of the beginning, in seconds.
        .col(big_integer(Rollup::StartS))
        .col(uuid(Rollup::KeyId))
        .col(uuid(Rollup::OwnerId))
        .col(text(Rollup::Upstream))
        .col(text(Rollup::Tool))
        .col(text(Rollup::Outcome))
        .col(big_integer(Rollup::Calls))
        .col(big_integer(Rollup::Cached))
        .col(big_integer(Rollup::DurationUs))
        .col(big_integer(Rollup::RequestBytes))
        .col(big_integer(Rollup::ResultBytes))
        .primary_key(
            Index::create()
                .col(Rollup::StartS)
                .col(Rollup::KeyId)
                .col(Rollup::OwnerId)
                .col(Rollup::Upstream)
                .col(Rollup::Tool)
                .col(Rollup::Outcome),
        )
        .take();
    for n in 0..=BOUNDS_US.len() {
        table.col(big_integer(Alias::new(format!("took_{n}"))));
    }
    table
}

fn fill(backend: DbBackend, table: &str, seconds: i64) -> String {
    let nobody = match backend {
        DbBackend::Postgres => "'00000000-0000-0000-0000-000000000000'::uuid",
        _ => "x'00000000000000000000000000000000'",
    };
    let most = |column| format!("CASE WHEN {column} > {MOST} THEN {MOST} ELSE {column} END");
    let mut above = "duration_us >= 0".to_owned();
    let mut took = Vec::new();
    for bound in BOUNDS_US {
        took.push(count(&format!("{above} AND duration_us <= {bound}")));
        above = format!("duration_us > {bound}");
    }
    took.push(count(&above));
    format!(
        "INSERT INTO {table} \
         SELECT at_us / 1000000 / {seconds} * {seconds}, COALESCE(key_id, {nobody}), \
             COALESCE(owner_id, {nobody}), COALESCE(upstream, ''), \
             CASE WHEN upstream IS NULL THEN '' ELSE substr(COALESCE(tool, ''), 1, {LONGEST_NAME}) END, \
             outcome, COUNT(*), 0, SUM({}), SUM({}), SUM({}), {} \
         FROM usage_records GROUP BY 1, 2, 3, 4, 5, 6",
        most("duration_us"),
        most("request_bytes"),
        most("result_bytes"),
        took.join(", "),
    )
}

fn count(condition: &str) -> String {
    format!("SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)")
}

#[derive(DeriveIden)]
enum UsageRecords {
    Table,
    Cached,
}

#[derive(DeriveIden)]
enum Rollup {
    StartS,
    KeyId,
    OwnerId,
    Upstream,
    Tool,
    Outcome,
    Calls,
    Cached,
    DurationUs,
    RequestBytes,
    ResultBytes,
}
