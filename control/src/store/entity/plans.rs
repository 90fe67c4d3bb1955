//! How much a key may do.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plans")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) calls_per_minute: Option<i64>,
    pub(crate) burst: Option<i64>,
    pub(crate) max_in_flight: Option<i64>,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) calls_per_month: Option<i64>,
    pub(crate) calls_per_day: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
