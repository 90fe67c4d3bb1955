//! People.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Owns keys and sees their own usage.
    Member,
    /// Runs upstreams, policies, plans and everybody's keys; makes no users and reads no arguments.
    Operator,
    /// May do everything; keys of an administrator are limited by their own policies alone.
    Administrator,
    /// Sees everything and changes nothing.
    Auditor,
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Person,
    /// A service account. Its keys administer, as far as its role goes; nobody signs in as it.
    Service,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Service]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

impl Role {
    pub const ALL: [Self; 4] = [
        Self::Member,
        Self::Operator,
        Self::Administrator,
        Self::Auditor,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    /// Unique; what the CLI and pages call the user.
    pub name: String,
    pub role: Role,
    pub kind: Kind,
    pub enabled: bool,
    /// What the user may use, besides what their groups may; an administrator needs none.
    pub policies: Vec<Uuid>,
    /// What all keys of the user together may do.
    pub plan: Option<Uuid>,
}

/// Users who may do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: Uuid,
    /// Unique.
    pub name: String,
    /// Each member may use what these permit.
    pub policies: Vec<Uuid>,
    /// What each member with all of their keys may do.
    pub plan: Option<Uuid>,
    pub members: Vec<Uuid>,
}
