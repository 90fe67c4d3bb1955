//! Requests that are done once however often they are sent.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub(crate) struct Model {
    /// SHA-256 of who asked, what for, and the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key_hash: Vec<u8>,
    pub(crate) request_hash: Vec<u8>,
    /// Of whoever does it, or did.
    pub(crate) claim: Uuid,
    pub(crate) claimed_at: DateTimeUtc,
    pub(crate) expires_at: DateTimeUtc,
    /// Something was changed under the claim.
    pub(crate) marked: bool,
    /// Set together.
    pub(crate) status: Option<i16>,
    /// Sealed under what only the caller has.
    pub(crate) answer: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
