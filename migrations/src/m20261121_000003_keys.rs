//! API keys, their secrets and what bounds them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(api_keys()).await?;
        manager.create_table(api_key_policies()).await?;
        manager.create_table(api_key_secrets()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            ApiKeySecrets::Table.into_iden(),
            ApiKeyPolicies::Table.into_iden(),
            ApiKeys::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn api_keys() -> TableCreateStatement {
    Table::create()
        .table(ApiKeys::Table)
        .col(pk_uuid(ApiKeys::Id))
        .col(text_uniq(ApiKeys::PublicId))
        .col(text(ApiKeys::Name))
        .col(text(ApiKeys::Mode))
        .col(uuid(ApiKeys::OwnerId))
        .col(uuid_null(ApiKeys::PlanId))
        .col(boolean(ApiKeys::Active))
        .col(timestamp_with_time_zone(ApiKeys::CreatedAt))
        .col(timestamp_with_time_zone_null(ApiKeys::ExpiresAt))
        .col(timestamp_with_time_zone_null(ApiKeys::RevokedAt))
        .col(timestamp_with_time_zone_null(ApiKeys::LastUsedAt))
        .foreign_key(
            ForeignKey::create()
                .name("api_keys_owner")
                .from(ApiKeys::Table, ApiKeys::OwnerId)
                .to(Users::Table, Users::Id),
        )
        .foreign_key(
            ForeignKey::create()
                .name("api_keys_plan")
                .from(ApiKeys::Table, ApiKeys::PlanId)
                .to(Plans::Table, Plans::Id),
        )
        .take()
}

fn api_key_policies() -> TableCreateStatement {
    Table::create()
        .table(ApiKeyPolicies::Table)
        .col(uuid(ApiKeyPolicies::KeyId))
        .col(uuid(ApiKeyPolicies::PolicyId))
        .primary_key(
            Index::create()
                .col(ApiKeyPolicies::KeyId)
                .col(ApiKeyPolicies::PolicyId),
        )
        .foreign_key(
            ForeignKey::create()
                .name("api_key_policies_key")
                .from(ApiKeyPolicies::Table, ApiKeyPolicies::KeyId)
                .to(ApiKeys::Table, ApiKeys::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("api_key_policies_policy")
                .from(ApiKeyPolicies::Table, ApiKeyPolicies::PolicyId)
                .to(Policies::Table, Policies::Id),
        )
        .take()
}

fn api_key_secrets() -> TableCreateStatement {
    Table::create()
        .table(ApiKeySecrets::Table)
        .col(pk_uuid(ApiKeySecrets::Id))
        .col(uuid(ApiKeySecrets::KeyId))
        .col(text(ApiKeySecrets::Hash))
        .col(text(ApiKeySecrets::LastFour))
        .col(timestamp_with_time_zone(ApiKeySecrets::CreatedAt))
        .col(timestamp_with_time_zone_null(ApiKeySecrets::ExpiresAt))
        .col(timestamp_with_time_zone_null(ApiKeySecrets::LastUsedAt))
        .foreign_key(
            ForeignKey::create()
                .name("api_key_secrets_key")
                .from(ApiKeySecrets::Table, ApiKeySecrets::KeyId)
                .to(ApiKeys::Table, ApiKeys::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn indexes() -> [IndexCreateStatement; 4] {
    [
        // The name of a revoked key may be used again.
        Index::create()
            .name("api_keys_owner_name")
            .table(ApiKeys::Table)
            .col(ApiKeys::OwnerId)
            .col(ApiKeys::Name)
            .unique()
            .and_where(Expr::col(ApiKeys::RevokedAt).is_null())
            .take(),
        Index::create()
            .name("api_keys_plan")
            .table(ApiKeys::Table)
            .col(ApiKeys::PlanId)
            .take(),
        Index::create()
            .name("api_key_policies_policy")
            .table(ApiKeyPolicies::Table)
            .col(ApiKeyPolicies::PolicyId)
            .take(),
        Index::create()
            .name("api_key_secrets_key")
            .table(ApiKeySecrets::Table)
            .col(ApiKeySecrets::KeyId)
            .take(),
    ]
}

#[derive(DeriveIden)]
enum ApiKeys {
    Table,
    Id,
    PublicId,
    Name,
    Mode,
    OwnerId,
    PlanId,
    Active,
    CreatedAt,
    ExpiresAt,
    RevokedAt,
    LastUsedAt,
}

#[derive(DeriveIden)]
enum ApiKeyPolicies {
    Table,
    KeyId,
    PolicyId,
}

#[derive(DeriveIden)]
enum ApiKeySecrets {
    Table,
    Id,
    KeyId,
    Hash,
    LastFour,
    CreatedAt,
    ExpiresAt,
    LastUsedAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Policies {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Plans {
    Table,
    Id,
}
