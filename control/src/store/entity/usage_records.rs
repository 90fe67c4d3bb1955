//! One tool call.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_records")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) at_us: i64,
    pub(crate) key_id: Option<Uuid>,
    pub(crate) key_name: Option<String>,
    pub(crate) owner_id: Option<Uuid>,
    pub(crate) upstream: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) outcome: String,
    pub(crate) duration_us: i64,
    pub(crate) request_bytes: i64,
    pub(crate) result_bytes: i64,
    pub(crate) cached: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
