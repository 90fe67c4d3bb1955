//! Who may call which method of control, in one table.
//!
//! This installation itself (its edges, its dashboard, its command line) may call everything. A person,
//! and a service account, may call what their role says; a member only about what is theirs.

use ostia_domain::user::{Kind, Role, User};
use std::net::IpAddr;
use uuid::Uuid;

/// Arguments of calls. This installation itself may not call it either, which is no role.
const FOR_AUDITORS: &str = "ReadArguments";

/// What the parts of an installation ask each other, for whoever calls them.
const BETWEEN_PARTS: [&str; 3] = [
    "SyncService",
    "BrowserSessionsService",
    "IdempotencyService",
];

/// How far a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    All,
    /// What belongs to this user; everything else is as if it was not there.
    Own(Uuid),
}

/// A user who calls, in the extensions of a request.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    /// As audit calls them.
    pub(crate) actor: String,
    pub(crate) user: Uuid,
    pub(crate) role: Role,
    pub(crate) reach: Reach,
    pub(crate) with: With,
}

/// What an operation is done with, and from where, as far as control can tell, or as somebody told whom it
/// believes.
#[derive(Clone, Debug, Default)]
pub(crate) struct With {
    pub(crate) key: Option<Uuid>,
    pub(crate) address: Option<IpAddr>,
    /// What the client calls itself.
    pub(crate) client: Option<String>,
}

impl Acting {
    /// `None`: this user may not call this.
    pub(crate) fn of(user: &User, with: With, path: &str) -> Option<Self> {
        let method = path.strip_prefix("/ostia.v1.")?;
        let (service, method) = method.split_once('/')?;
        let own = Reach::Own(user.id);
        let reach = match user.role {
            // Between the parts of an installation; answers hold credentials in clear, and who may name
            // sessions may be anybody.
            _ if BETWEEN_PARTS.contains(&service) => None,
            // Who administers does not read what others said.
            role if method == FOR_AUDITORS => (role == Role::Auditor).then_some(Reach::All),
            // What a provider said is for the web role to check.
            _ if method == "SignIn" => None,
            Role::Administrator => Some(Reach::All),
            Role::Operator => operator(service, method).then_some(Reach::All),
            Role::Auditor => reads(method).then_some(Reach::All),
            Role::Member => member(service, method).then_some(own),
        }?;
        Some(Self {
            actor: actor(user),
            user: user.id,
            role: user.role,
            reach,
            with,
        })
    }
}

/// What audit calls a user who acts.
pub(crate) fn actor(user: &User) -> String {
    let kind = match user.kind {
        Kind::Person => "user",
        Kind::Service => "service",
    };
    format!("{kind}:{}", user.name)
}

/// Whether somebody of this role may have a key of this user in their hands: the keys of a service account
/// administer.
pub(crate) fn may_hold_keys_of(role: Option<Role>, owner: &User) -> bool {
    let administers = owner.kind == Kind::Service;
    match role {
        None | Some(Role::Administrator) => true,
        Some(Role::Operator) => !administers || matches!(owner.role, Role::Member | Role::Operator),
        Some(Role::Member | Role::Auditor) => !administers,
    }
}

/// An operator makes no users and gives nobody more than they have.
fn operator(service: &str, method: &str) -> bool {
    match service {
        "IdentityService" | "GroupsService" => reads(method),
        // A backup is all there is.
        "VaultService" | "BackupService" => false,
        // Groups are among it.
        "ManifestService" => method == "ExportManifest",
        _ => true,
    }
}

fn member(service: &str, method: &str) -> bool {
    match service {
        "KeysService" | "UsageService" => true,
        "PoliciesService" => matches!(method, "TestAccess" | "ListAccess" | "ListPresets"),
        "PlansService" => method == "ListAllowances",
        "IdentityService" => method == "GetUser",
        _ => false,
    }
}

/// By the verb that a method's name begins with. A link that signs somebody in is no reading matter.
fn reads(method: &str) -> bool {
    let reading = ["Get", "List", "Test", "Summarize", "Verify"];
    reading.iter().any(|verb| method.starts_with(verb))
}
