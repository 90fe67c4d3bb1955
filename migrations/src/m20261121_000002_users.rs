//! People, what bounds them, and the links that sign them in.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table(Users::Table)
            .col(pk_uuid(Users::Id))
            .col(text_uniq(Users::Name))
            .col(text(Users::Role))
            .col(boolean(Users::Enabled))
            .col(timestamp_with_time_zone(Users::CreatedAt))
            .take();
        manager.create_table(users).await?;
        manager.create_table(user_policies()).await?;
        manager
            .create_index(
                Index::create()
                    .name("user_policies_policy")
                    .table(UserPolicies::Table)
                    .col(UserPolicies::PolicyId)
                    .take(),
            )
            .await?;
        manager.create_table(login_links()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            LoginLinks::Table.into_iden(),
            UserPolicies::Table.into_iden(),
            Users::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn user_policies() -> TableCreateStatement {
    Table::create()
        .table(UserPolicies::Table)
        .col(uuid(UserPolicies::UserId))
        .col(uuid(UserPolicies::PolicyId))
        .primary_key(
            Index::create()
                .col(UserPolicies::UserId)
                .col(UserPolicies::PolicyId),
        )
        .foreign_key(
            ForeignKey::create()
                .name("user_policies_user")
                .from(UserPolicies::Table, UserPolicies::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("user_policies_policy")
                .from(UserPolicies::Table, UserPolicies::PolicyId)
                .to(Policies::Table, Policies::Id),
        )
        .take()
}

fn login_links() -> TableCreateStatement {
    Table::create()
        .table(LoginLinks::Table)
        // SHA-256 of the token: a stolen database signs nobody in.
        .col(binary(LoginLinks::TokenHash).primary_key())
        .col(uuid_uniq(LoginLinks::UserId))
        .col(timestamp_with_time_zone(LoginLinks::CreatedAt))
        .col(timestamp_with_time_zone(LoginLinks::ExpiresAt))
        .col(timestamp_with_time_zone_null(LoginLinks::UsedAt))
        .foreign_key(
            ForeignKey::create()
                .name("login_links_user")
                .from(LoginLinks::Table, LoginLinks::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Name,
    Role,
    Enabled,
    CreatedAt,
}

#[derive(DeriveIden)]
enum UserPolicies {
    Table,
    UserId,
    PolicyId,
}

#[derive(DeriveIden)]
enum LoginLinks {
    Table,
    TokenHash,
    UserId,
    CreatedAt,
    ExpiresAt,
    UsedAt,
}

#[derive(DeriveIden)]
enum Policies {
    Table,
    Id,
}
