//! Groups of users, plans of users and groups, and service accounts.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kind = Table::alter()
            .table(Users::Table)
            .add_column(text(Users::Kind).default("person").take())
            .take();
        manager.alter_table(kind).await?;
        manager.create_table(groups()).await?;
        manager.create_table(group_policies()).await?;
        manager.create_table(group_members()).await?;
        manager.create_table(user_plans()).await?;
        let by_user = Index::create()
            .name("group_members_user")
            .table(GroupMembers::Table)
            .col(GroupMembers::UserId)
            .take();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            UserPlans::Table.into_iden(),
            GroupMembers::Table.into_iden(),
            GroupPolicies::Table.into_iden(),
            Groups::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        let kind = Table::alter()
            .table(Users::Table)
            .drop_column(Users::Kind)
            .take();
        manager.alter_table(kind).await
    }
}

fn groups() -> TableCreateStatement {
    Table::create()
        .table(Groups::Table)
        .col(pk_uuid(Groups::Id))
        .col(text_uniq(Groups::Name))
        .col(uuid_null(Groups::PlanId))
        .col(timestamp_with_time_zone(Groups::CreatedAt))
        .foreign_key(
            ForeignKey::create()
                .name("groups_plan")
                .from(Groups::Table, Groups::PlanId)
                .to(Plans::Table, Plans::Id),
        )
        .take()
}

fn group_policies() -> TableCreateStatement {
    Table::create()
        .table(GroupPolicies::Table)
        .col(uuid(GroupPolicies::GroupId))
        .col(uuid(GroupPolicies::PolicyId))
        .primary_key(
            Index::create()
                .col(GroupPolicies::GroupId)
                .col(GroupPolicies::PolicyId),
        )
        .foreign_key(
            ForeignKey::create()
                .name("group_policies_group")
                .from(GroupPolicies::Table, GroupPolicies::GroupId)
                .to(Groups::Table, Groups::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("group_policies_policy")
                .from(GroupPolicies::Table, GroupPolicies::PolicyId)
                .to(Policies::Table, Policies::Id),
        )
        .take()
}

fn group_members() -> TableCreateStatement {
    Table::create()
        .table(GroupMembers::Table)
        .col(uuid(GroupMembers::GroupId))
        .col(uuid(GroupMembers::UserId))
        .primary_key(
            Index::create()
                .col(GroupMembers::GroupId)
                .col(GroupMembers::UserId),
        )
        .foreign_key(
            ForeignKey::create()
                .name("group_members_group")
                .from(GroupMembers::Table, GroupMembers::GroupId)
                .to(Groups::Table, Groups::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("group_members_user")
                .from(GroupMembers::Table, GroupMembers::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// A table of its own: SQLite adds no column that refers to another table.
fn user_plans() -> TableCreateStatement {
    Table::create()
        .table(UserPlans::Table)
        .col(pk_uuid(UserPlans::UserId))
        .col(uuid(UserPlans::PlanId))
        .foreign_key(
            ForeignKey::create()
                .name("user_plans_user")
                .from(UserPlans::Table, UserPlans::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("user_plans_plan")
                .from(UserPlans::Table, UserPlans::PlanId)
                .to(Plans::Table, Plans::Id),
        )
        .take()
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Kind,
}

#[derive(DeriveIden)]
enum Plans {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Policies {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Groups {
    Table,
    Id,
    Name,
    PlanId,
    CreatedAt,
}

#[derive(DeriveIden)]
enum GroupPolicies {
    Table,
    GroupId,
    PolicyId,
}

#[derive(DeriveIden)]
enum GroupMembers {
    Table,
    GroupId,
    UserId,
}

#[derive(DeriveIden)]
enum UserPlans {
    Table,
    UserId,
    PlanId,
}
