//! What pages and lists look for.
//!
//! Every call is a row in two of these tables, so they have as few indexes as answer what people ask: whose a
//! row is, which tool, and what is rare, of which the rest need not know. What a list is narrowed by besides is in
//! the index as well: a row is only read when it is shown. A key has one owner, and is found among their rows.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Of `api_key_policies`, before: the policy alone.
const OF_POLICY: &str = "api_key_policies_policy";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in indexes(manager.get_database_backend()) {
            manager.create_index(index).await?;
        }
        // The one with the key as well does what it did.
        manager.drop_index(drop(OF_POLICY)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let before = index(OF_POLICY, "api_key_policies", &["policy_id"]);
        manager.create_index(before).await?;
        for index in indexes(manager.get_database_backend()) {
            let name = index.get_index_spec().get_name().unwrap_or_default();
            manager.drop_index(drop(name)).await?;
        }
        Ok(())
    }
}

fn indexes(backend: DbBackend) -> Vec<IndexCreateStatement> {
    let mut indexes = vec![
        index("api_keys_owner", "api_keys", &["owner_id", "id"]),
        index(
            "api_key_policies_keys",
            "api_key_policies",
            &["policy_id", "key_id"],
        ),
        index(
            "usage_records_owner",
            "usage_records",
            &[
                "owner_id", "id", "at_us", "key_id", "outcome", "upstream", "tool",
            ],
        ),
        index("usage_hours_owner", "usage_hours", &["owner_id", "start_s"]),
        index("usage_hours_key", "usage_hours", &["key_id", "start_s"]),
        index("usage_days_owner", "usage_days", &["owner_id", "start_s"]),
        index("usage_days_key", "usage_days", &["key_id", "start_s"]),
        index(
            "audit_events_user",
            "audit_events",
            &["user_id", "id", "at_us", "key_id"],
        ),
        index(
            "audit_events_target",
            "audit_events",
            &["target", "id", "at_us", "kind"],
        ),
        index(
            "audit_events_actor",
            "audit_events",
            &["actor", "id", "at_us"],
        )
        .and_where(Expr::col("key_id").is_null())
        .take(),
        index(
            "audit_events_ended",
            "audit_events",
            &["outcome", "id", "at_us", "user_id", "key_id"],
        )
        .and_where(Expr::col("outcome").ne("ok"))
        .take(),
    ];
    // On PostgreSQL changes have partitions of their own. It does not begin with the kind: SQLite would find changes
    // to one key by it, and read all that there are.
    if backend == DbBackend::Sqlite {
        let changes = index(
            "audit_events_changes",
            "audit_events",
            &["id", "at_us", "action", "kind"],
        )
        .and_where(Expr::col("kind").eq(1))
        .take();
        indexes.push(changes);
    }
    indexes
}

fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

fn drop(name: &str) -> IndexDropStatement {
    Index::drop().name(name).to_owned()
}
