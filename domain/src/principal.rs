//! The authenticated caller.

use crate::{clock::Timestamp, key::Mode, policy::Grant};
use uuid::Uuid;

/// A key that was verified, with its owner and everything that bounds what the two may do. Built by
/// `control` when it verifies a secret, held by an edge until `control` says that the key changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub key_id: Uuid,
    pub key_name: String,
    pub mode: Mode,
    pub owner_id: Uuid,
    pub owner_name: String,
    pub grant: Grant,
    pub plan: Option<Uuid>,
    /// The earlier of the key's end and the presented secret's end.
    pub expires_at: Option<Timestamp>,
}

impl Principal {
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
