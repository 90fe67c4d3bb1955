//! Audit events in chains, one per control that writes and class, and on PostgreSQL in a partition per
//! class and month.
//!
//! Events of before stay as they are, in no chain. The partitions of months are made by control, ahead of
//! time; what falls into none is in the partition `…_rest`. Ids are ordered by time, so a month is a
//! range of them, and an id alone stays the primary key within its class.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Changes made in control, in the words of the step that made the table; all else are calls.
const CHANGES: &str = "UPDATE audit_events SET kind = 1 \
    WHERE action LIKE '%.%' AND action NOT LIKE '%/%' AND key_id IS NULL AND remote_address IS NULL";

const PARTITIONED: &str = "
    ALTER TABLE audit_events RENAME TO audit_events_before;
    ALTER INDEX audit_events_pkey RENAME TO audit_events_before_pkey;
    CREATE TABLE audit_events (
        LIKE audit_events_before INCLUDING DEFAULTS,
        PRIMARY KEY (id, kind)
    ) PARTITION BY LIST (kind);
    CREATE TABLE audit_events_calls
        PARTITION OF audit_events FOR VALUES IN (0) PARTITION BY RANGE (id);
    CREATE TABLE audit_events_calls_rest PARTITION OF audit_events_calls DEFAULT;
    CREATE TABLE audit_events_changes
        PARTITION OF audit_events FOR VALUES IN (1) PARTITION BY RANGE (id);
    CREATE TABLE audit_events_changes_rest PARTITION OF audit_events_changes DEFAULT;
    INSERT INTO audit_events SELECT * FROM audit_events_before;
    DROP TABLE audit_events_before;";

const ONE_TABLE: &str = "
    CREATE TABLE audit_events_before (LIKE audit_events INCLUDING DEFAULTS);
    INSERT INTO audit_events_before SELECT * FROM audit_events;
    DROP TABLE audit_events;
    ALTER TABLE audit_events_before RENAME TO audit_events;
    ALTER TABLE audit_events ADD PRIMARY KEY (id);";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column in each statement: SQLite adds no more at once.
        for column in columns() {
            let change = Table::alter()
                .table(AuditEvents::Table)
                .add_column(column)
                .take();
            manager.alter_table(change).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared(CHANGES).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(PARTITIONED).await?;
        }
        manager.create_index(chain()).await?;
        manager.create_table(audit_writers()).await?;
        manager.create_table(audit_pruned()).await
    }

    /// Chains are lost, events are not.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            AuditPruned::Table.into_iden(),
            AuditWriters::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        let mut index = Index::drop();
        let index = index.name(CHAIN).table(AuditEvents::Table).to_owned();
        manager.drop_index(index).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            db.execute_unprepared(ONE_TABLE).await?;
        }
        for column in columns() {
            let change = Table::alter()
                .table(AuditEvents::Table)
                .drop_column(column.get_column_name())
                .take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

const CHAIN: &str = "audit_events_chain";

fn columns() -> [ColumnDef; 5] {
    [
        // 0 is a call, 1 a change.
        small_integer(AuditEvents::Kind).default(0).take(),
        uuid_null(AuditEvents::Writer),
        // Within its writer, from 1 and without gaps.
        big_integer_null(AuditEvents::Seq),
        // SHA-256, 32 bytes: of the event before, and of this one with that.
        binary_null(AuditEvents::Previous),
        binary_null(AuditEvents::Hash),
    ]
}

/// Verifying reads in the order of writing, which is not that of ids.
fn chain() -> IndexCreateStatement {
    Index::create()
        .name(CHAIN)
        .table(AuditEvents::Table)
        .col(AuditEvents::Writer)
        .col(AuditEvents::Seq)
        .take()
}

fn audit_writers() -> TableCreateStatement {
    Table::create()
        .table(AuditWriters::Table)
        .col(pk_uuid(AuditWriters::Id))
        .col(small_integer(AuditWriters::Kind))
        .col(big_integer(AuditWriters::StartedAtUs))
        // The newest event: without it, events missing at the end would not be missed.
        .col(big_integer(AuditWriters::HeadSeq))
        .col(binary(AuditWriters::HeadHash))
        .take()
}

/// Runs of events that retention took, with what the event after them continues from.
fn audit_pruned() -> TableCreateStatement {
    Table::create()
        .table(AuditPruned::Table)
        .col(uuid(AuditPruned::Writer))
        .col(big_integer(AuditPruned::FirstSeq))
        .col(big_integer(AuditPruned::LastSeq))
        .col(binary(AuditPruned::LastHash))
        .primary_key(
            Index::create()
                .col(AuditPruned::Writer)
                .col(AuditPruned::FirstSeq),
        )
        .take()
}

#[derive(DeriveIden)]
enum AuditEvents {
    Table,
    Kind,
    Writer,
    Seq,
    Previous,
    Hash,
}

#[derive(DeriveIden)]
enum AuditWriters {
    Table,
    Id,
    Kind,
    StartedAtUs,
    HeadSeq,
    HeadHash,
}

#[derive(DeriveIden)]
enum AuditPruned {
    Table,
    Writer,
    FirstSeq,
    LastSeq,
    LastHash,
}
