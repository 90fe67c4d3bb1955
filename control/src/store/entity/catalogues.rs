//! What an upstream said about itself.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalogues")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) upstream_id: Uuid,
    pub(crate) upstream_version: i64,
    pub(crate) era: String,
    pub(crate) server_info: String,
    pub(crate) capabilities: String,
    pub(crate) instructions: Option<String>,
    pub(crate) discovered_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
