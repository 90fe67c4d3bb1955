//! The authenticated caller.

use crate::{
    clock::Timestamp, key::Mode, network::Network, plan::Limits, policy::Grant, window::Window,
};
use std::net::IpAddr;
use uuid::Uuid;

/// A key that was verified, with its owner and everything that bounds what the two may do. Built by
/// `control` when it verifies a secret, held by an edge until `control` says that the key changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub key_id: Uuid,
    pub key_name: String,
    /// Which secret of the key was presented, or stands behind an access token. Unset: an older control said it.
    pub secret_id: Option<Uuid>,
    pub mode: Mode,
    pub owner_id: Uuid,
    pub owner_name: String,
    pub grant: Grant,
    /// All of them hold.
    pub limits: Vec<Limited>,
    /// Where calls may come from; empty is anywhere.
    pub networks: Vec<Network>,
    /// When calls may be made; unset is always.
    pub window: Option<Window>,
    /// The earlier of the key's end and the presented secret's end.
    pub expires_at: Option<Timestamp>,
}

/// One set of limits, and who is counted against it: a key, or a user with all of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    pub subject: Uuid,
    pub by: LimitedBy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    Plan(Uuid),
    /// The key's own.
    Own(Limits),
}

impl Principal {
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    pub fn may_come_from(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(address))
    }
}
