//! What is kept of the arguments of a call, apart from its audit event: not everybody who reads that may
//! read this.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_arguments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) event_id: Uuid,
    /// Empty where they are sealed, as all are that this version writes.
    pub(crate) arguments: String,
    pub(crate) cut: bool,
    pub(crate) sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
