//! What was taken out of a quota in a month.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_leases")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) limit_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) month: i64,
    pub(crate) calls: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
