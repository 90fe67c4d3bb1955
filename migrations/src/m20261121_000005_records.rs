//! What is remembered of every call and every change.
//!
//! These two tables take thousands of rows a second, so they have their primary key and no other index:
//! ids are ordered by time, and whoever looks for something reads backwards from the newest. For the
//! same reason times are microseconds in an integer, and nothing refers to another table, which also
//! lets a record outlive the key and the upstream it tells of.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in [usage_records(), audit_events()] {
            if manager.get_database_backend() == DbBackend::Sqlite {
                // One tree per table instead of a table and its index.
                table.extra("WITHOUT ROWID");
            }
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            AuditEvents::Table.into_iden(),
            UsageRecords::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn usage_records() -> TableCreateStatement {
    Table::create()
        .table(UsageRecords::Table)
        .col(pk_uuid(UsageRecords::Id))
        .col(big_integer(UsageRecords::AtUs))
        .col(uuid_null(UsageRecords::KeyId))
        .col(text_null(UsageRecords::KeyName))
        .col(uuid_null(UsageRecords::OwnerId))
        .col(text_null(UsageRecords::Upstream))
        .col(text_null(UsageRecords::Tool))
        .col(text(UsageRecords::Outcome))
        .col(big_integer(UsageRecords::DurationUs))
        .col(big_integer(UsageRecords::RequestBytes))
        .col(big_integer(UsageRecords::ResultBytes))
        .take()
}

fn audit_events() -> TableCreateStatement {
    Table::create()
        .table(AuditEvents::Table)
        .col(pk_uuid(AuditEvents::Id))
        .col(big_integer(AuditEvents::AtUs))
        .col(uuid(AuditEvents::RequestId))
        .col(text(AuditEvents::Actor))
        .col(uuid_null(AuditEvents::KeyId))
        .col(uuid_null(AuditEvents::UserId))
        .col(text(AuditEvents::Action))
        .col(text_null(AuditEvents::Target))
        .col(text(AuditEvents::Outcome))
        .col(text_null(AuditEvents::Error))
        .col(text_null(AuditEvents::Rule))
        .col(binary_null(AuditEvents::ArgumentsDigest))
        .col(big_integer(AuditEvents::DurationUs))
        .col(text_null(AuditEvents::RemoteAddress))
        .col(text_null(AuditEvents::Client))
        .col(text_null(AuditEvents::Detail))
        .take()
}

#[derive(DeriveIden)]
enum UsageRecords {
    Table,
    Id,
    AtUs,
    KeyId,
    KeyName,
    OwnerId,
    Upstream,
    Tool,
    Outcome,
    DurationUs,
    RequestBytes,
    ResultBytes,
}

#[derive(DeriveIden)]
enum AuditEvents {
    Table,
    Id,
    AtUs,
    RequestId,
    Actor,
    KeyId,
    UserId,
    Action,
    Target,
    Outcome,
    Error,
    Rule,
    ArgumentsDigest,
    DurationUs,
    RemoteAddress,
    Client,
    Detail,
}
