//! A key, without its secrets.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) public_id: String,
    pub(crate) name: String,
    pub(crate) mode: String,
    pub(crate) owner_id: Uuid,
    pub(crate) plan_id: Option<Uuid>,
    pub(crate) active: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) expires_at: Option<DateTimeUtc>,
    pub(crate) revoked_at: Option<DateTimeUtc>,
    pub(crate) last_used_at: Option<DateTimeUtc>,
    pub(crate) restrictions: Option<Json>,
    pub(crate) last_used_address: Option<String>,
    pub(crate) last_used_client: Option<String>,
    pub(crate) activated_at: Option<DateTimeUtc>,
    pub(crate) idle_since: Option<DateTimeUtc>,
    pub(crate) idle_telling_at: Option<DateTimeUtc>,
    pub(crate) idle_told_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
