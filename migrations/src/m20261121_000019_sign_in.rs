//! Who is signed in to the dashboard, through which provider, and which memberships the provider gave.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(browser_sessions()).await?;
        for (name, column) in [
            ("browser_sessions_user", BrowserSessions::UserId),
            ("browser_sessions_end", BrowserSessions::ExpiresAt),
        ] {
            let index = Index::create()
                .name(name)
                .table(BrowserSessions::Table)
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        manager.create_table(identity_links()).await?;
        let of_user = Index::create()
            .name("identity_links_user")
            .table(IdentityLinks::Table)
            .col(IdentityLinks::UserId)
            .take();
        manager.create_index(of_user).await?;
        let source = Table::alter()
            .table(GroupMembers::Table)
            .add_column(text_null(GroupMembers::Issuer))
            .take();
        manager.alter_table(source).await
    }

    /// Memberships that a provider gave go with it: nobody would take them away again.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let given = Query::delete()
            .from_table(GroupMembers::Table)
            .and_where(Expr::col(GroupMembers::Issuer).is_not_null())
            .take();
        manager.exec_stmt(given).await?;
        let source = Table::alter()
            .table(GroupMembers::Table)
            .drop_column(GroupMembers::Issuer)
            .take();
        manager.alter_table(source).await?;
        for table in [
            IdentityLinks::Table.into_iden(),
            BrowserSessions::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn browser_sessions() -> TableCreateStatement {
    Table::create()
        .table(BrowserSessions::Table)
        // SHA-256 of the id in the cookie: a stolen database takes no session over.
        .col(binary(BrowserSessions::IdHash).primary_key())
        // Unset until somebody signed in.
        .col(uuid_null(BrowserSessions::UserId))
        .col(binary(BrowserSessions::Data))
        .col(timestamp_with_time_zone(BrowserSessions::CreatedAt))
        .col(timestamp_with_time_zone(BrowserSessions::ExpiresAt))
        .col(timestamp_with_time_zone(BrowserSessions::EndsAt))
        .col(timestamp_with_time_zone(BrowserSessions::CheckedAt))
        .foreign_key(
            ForeignKey::create()
                .name("browser_sessions_user")
                .from(BrowserSessions::Table, BrowserSessions::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn identity_links() -> TableCreateStatement {
    Table::create()
        .table(IdentityLinks::Table)
        .col(text(IdentityLinks::Issuer))
        .col(text(IdentityLinks::Subject))
        .col(uuid(IdentityLinks::UserId))
        .col(timestamp_with_time_zone(IdentityLinks::CreatedAt))
        .primary_key(
            Index::create()
                .col(IdentityLinks::Issuer)
                .col(IdentityLinks::Subject),
        )
        .foreign_key(
            ForeignKey::create()
                .name("identity_links_user")
                .from(IdentityLinks::Table, IdentityLinks::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum GroupMembers {
    Table,
    Issuer,
}

#[derive(DeriveIden)]
enum BrowserSessions {
    Table,
    IdHash,
    UserId,
    Data,
    CreatedAt,
    ExpiresAt,
    EndsAt,
    CheckedAt,
}

#[derive(DeriveIden)]
enum IdentityLinks {
    Table,
    Issuer,
    Subject,
    UserId,
    CreatedAt,
}
