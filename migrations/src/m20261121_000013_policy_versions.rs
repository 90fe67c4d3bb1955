//! What the rules of policies were before, and tiers in the place of "read-only".

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{JsonValue, prelude::Uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let version = Table::alter()
            .table(Policies::Table)
            .add_column(big_integer(Policies::Version).default(1).take())
            .take();
        manager.alter_table(version).await?;
        manager.create_table(policy_versions()).await?;
        rewrite(manager, with_tier).await?;
        let first = Query::select()
            .columns([Policies::Id, Policies::Version, Policies::Rules])
            .column(Policies::UpdatedAt)
            .expr(Expr::val("migration"))
            .from(Policies::Table)
            .take();
        let copied = Query::insert()
            .into_table(PolicyVersions::Table)
            .columns([
                PolicyVersions::PolicyId,
                PolicyVersions::Version,
                PolicyVersions::Rules,
                PolicyVersions::CreatedAt,
                PolicyVersions::Actor,
            ])
            .select_from(first)
            .map_err(|error| DbErr::Migration(error.to_string()))?
            .take();
        manager.exec_stmt(copied).await
    }

    /// What the step before has no words for is lost: of tiers all but "read-only", rules over arguments,
    /// constraints.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rewrite(manager, with_read_only).await?;
        let versions = Table::drop().table(PolicyVersions::Table).take();
        manager.drop_table(versions).await?;
        let version = Table::alter()
            .table(Policies::Table)
            .drop_column(Policies::Version)
            .take();
        manager.alter_table(version).await
    }
}

fn with_tier(rules: &mut JsonValue) {
    let Some(members) = rules.as_object_mut() else {
        return;
    };
    let read_only = members.remove("read_only") == Some(true.into());
    let tier = if read_only { "read" } else { "destructive" };
    members.insert("max_tier".into(), tier.into());
}

/// A policy that says more than the step before can say allows nothing there.
fn with_read_only(rules: &mut JsonValue) {
    let Some(members) = rules.as_object_mut() else {
        return;
    };
    let tier = members.remove("max_tier");
    let more = ["arguments", "constraints"].map(|name| members.remove(name).is_some());
    members.insert("read_only".into(), (tier == Some("read".into())).into());
    if tier == Some("write".into()) || more.contains(&true) {
        members.insert("allow".into(), JsonValue::Array(Vec::new()));
    }
}

async fn rewrite(manager: &SchemaManager<'_>, change: fn(&mut JsonValue)) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let all = Query::select()
        .columns([Policies::Id, Policies::Rules])
        .from(Policies::Table)
        .take();
    for row in db.query_all(&all).await? {
        let id: Uuid = row.try_get("", "id")?;
        let mut rules: JsonValue = row.try_get("", "rules")?;
        change(&mut rules);
        let update = Query::update()
            .table(Policies::Table)
            .value(Policies::Rules, rules)
            .and_where(Expr::col(Policies::Id).eq(id))
            .take();
        db.execute(&update).await?;
    }
    Ok(())
}

fn policy_versions() -> TableCreateStatement {
    Table::create()
        .table(PolicyVersions::Table)
        .col(uuid(PolicyVersions::PolicyId))
        .col(big_integer(PolicyVersions::Version))
        .col(json_binary(PolicyVersions::Rules))
        .col(timestamp_with_time_zone(PolicyVersions::CreatedAt))
        .col(text(PolicyVersions::Actor))
        .primary_key(
            Index::create()
                .col(PolicyVersions::PolicyId)
                .col(PolicyVersions::Version),
        )
        .foreign_key(
            ForeignKey::create()
                .name("policy_versions_policy")
                .from(PolicyVersions::Table, PolicyVersions::PolicyId)
                .to(Policies::Table, Policies::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

#[derive(DeriveIden)]
enum Policies {
    Table,
    Id,
    Rules,
    UpdatedAt,
    Version,
}

#[derive(DeriveIden)]
enum PolicyVersions {
    Table,
    PolicyId,
    Version,
    Rules,
    CreatedAt,
    Actor,
}
