//! One decision or change.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) at_us: i64,
    pub(crate) request_id: Uuid,
    pub(crate) actor: String,
    pub(crate) key_id: Option<Uuid>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) action: String,
    pub(crate) target: Option<String>,
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) arguments_digest: Option<Vec<u8>>,
    pub(crate) duration_us: i64,
    pub(crate) remote_address: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) kind: i16,
    /// This and the following two are unset in changes, and in calls of before they were kept.
    pub(crate) request_bytes: Option<i64>,
    pub(crate) result_bytes: Option<i64>,
    pub(crate) upstream_status: Option<i16>,
    /// This and the following are unset in events of before there were chains.
    pub(crate) writer: Option<Uuid>,
    pub(crate) seq: Option<i64>,
    pub(crate) previous: Option<Vec<u8>>,
    pub(crate) hash: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
