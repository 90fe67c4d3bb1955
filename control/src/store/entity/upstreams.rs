//! The definition of an upstream, without its credentials.

use sea_orm::entity::prelude::*;

#[allow(
    clippy::struct_excessive_bools,
    reason = "columns, which are set one by one"
)]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "upstreams")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) enabled: bool,
    pub(crate) demo: bool,
    pub(crate) transport: String,
    pub(crate) url: Option<String>,
    pub(crate) allow_private_network: bool,
    /// All of it but its secret.
    pub(crate) credential: Option<Json>,
    pub(crate) isolation: String,
    pub(crate) program: String,
    pub(crate) args: Json,
    pub(crate) cwd: Option<String>,
    pub(crate) protocol: String,
    pub(crate) pool: Json,
    pub(crate) call_timeout_ms: i64,
    pub(crate) keep_arguments: bool,
    pub(crate) problem: Option<String>,
    pub(crate) problem_stage: Option<String>,
    pub(crate) problem_since: Option<DateTimeUtc>,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) listing_asked: i64,
    pub(crate) listing_done: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
