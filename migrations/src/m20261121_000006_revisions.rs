//! How a control learns what another control changed: two counters and the keys behind one of them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revisions = Table::create()
            .table(Revisions::Table)
            // Always 1: the table has one row.
            .col(big_integer(Revisions::Id).primary_key())
            .col(big_integer(Revisions::Snapshot))
            .col(big_integer(Revisions::Keys))
            .take();
        let key_changes = Table::create()
            .table(KeyChanges::Table)
            // No foreign key: a key that was deleted has changed too.
            .col(pk_uuid(KeyChanges::KeyId))
            .col(big_integer(KeyChanges::Revision))
            .take();
        manager.create_table(revisions).await?;
        manager.create_table(key_changes).await?;
        manager
            .create_index(
                Index::create()
                    .name("key_changes_revision")
                    .table(KeyChanges::Table)
                    .col(KeyChanges::Revision)
                    .take(),
            )
            .await?;
        manager
            .exec_stmt(
                Query::insert()
                    .into_table(Revisions::Table)
                    .columns([Revisions::Id, Revisions::Snapshot, Revisions::Keys])
                    .values_panic([1i64.into(), 1i64.into(), 1i64.into()])
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [KeyChanges::Table.into_iden(), Revisions::Table.into_iden()] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Revisions {
    Table,
    Id,
    Snapshot,
    Keys,
}

#[derive(DeriveIden)]
enum KeyChanges {
    Table,
    KeyId,
    Revision,
}
