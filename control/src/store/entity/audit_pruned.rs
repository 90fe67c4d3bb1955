//! A run of audit events that retention took out of a chain.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_pruned")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) writer: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) last_hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
