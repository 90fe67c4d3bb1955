//! Who is signed in to the dashboard.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "browser_sessions")]
pub(crate) struct Model {
    /// SHA-256 of the id in the cookie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id_hash: Vec<u8>,
    pub(crate) user_id: Option<Uuid>,
    /// Sealed under the id, which is not here.
    pub(crate) data: Vec<u8>,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) expires_at: DateTimeUtc,
    pub(crate) ends_at: DateTimeUtc,
    /// When somebody last took the turn to ask the provider.
    pub(crate) checked_at: DateTimeUtc,
    /// Unset: it was not used since it began.
    pub(crate) used_at: Option<DateTimeUtc>,
    pub(crate) address: Option<String>,
    pub(crate) agent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
