//! What was taken out of a quota in one day or month.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_leases")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) limit_id: Uuid,
    /// As 20261121 or 202611. The column has the name it got when there were only months: versions before write to it
    /// while replicas are replaced.
    #[sea_orm(primary_key, auto_increment = false, column_name = "month")]
    pub(crate) period: i64,
    pub(crate) calls: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
