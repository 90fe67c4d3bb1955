//! Whether a presented key is one, whose it is and what it may do.
//!
//! The cheap questions come first, so that noise from outside costs next to nothing: the checksum, then
//! one look-up, and only for a key that exists the hash. What state a key is in is said to nobody who
//! has not got its secret.

use super::{App, keys::State};
use crate::{
    error::Result,
    op::Op,
    store::{
        self,
        keys::{StoredKey, UsedBy},
        secrets::StoredSecret,
    },
};
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    key::{ACCESS_TOKEN_PREFIX, Presented},
    policy::{Grant, Scope},
    principal::{Limited, LimitedBy, Principal},
    user::{Group, Role, User},
};
use uuid::Uuid;

/// Secrets of one key that are compared. Somebody who rotates more often than that within one overlap
/// loses the oldest early.
const MAX_COMPARED: usize = 16;

pub(crate) enum Verdict {
    Accepted {
        principal: Box<Principal>,
        /// Snapshots from this revision on have the principal's policies and plan.
        revision: u64,
    },
    Refused(Code),
}

impl App {
    /// A key, or an access token that one was exchanged for; and by whom, as far as the asker knows.
    pub(crate) async fn authenticate(&self, op: &Op, text: &str, by: UsedBy) -> Result<Verdict> {
        if text.starts_with(ACCESS_TOKEN_PREFIX) {
            return self.authenticate_token(op, text, by).await;
        }
        let (key, secret) = match self.key_of(op, text).await? {
            Ok(found) => found,
            Err(code) => return Ok(Verdict::Refused(code)),
        };
        let db = self.store.db();
        let principal = match with_secret(db, &key, secret, op.now).await? {
            Ok(principal) => Box::new(principal),
            Err(code) => return Ok(Verdict::Refused(code)),
        };
        self.uses.secret_used((key.id, secret), op.now, by);
        // Read after the key, so that it is not older than what the key refers to.
        let revision = store::revisions::current(db).await?.snapshot.unsigned_abs();
        Ok(Verdict::Accepted {
            principal,
            revision,
        })
    }

    /// The key that somebody has, and which of its secrets.
    pub(super) async fn key_of(
        &self,
        op: &Op,
        text: &str,
    ) -> Result<Result<(StoredKey, Uuid), Code>> {
        let Ok(presented) = Presented::parse(text) else {
            return Ok(Err(Code::KeyMalformed));
        };
        let key = store::keys::by_public_id(self.store.db(), &presented.public_id()).await?;
        let Some(key) = key.filter(|key| key.mode == presented.mode) else {
            return Ok(Err(Code::KeyUnknown));
        };
        let secret = self.matching_secret(op, &key, presented.secret()).await?;
        let secret = secret.map(|secret| secret.id);
        Ok(secret.map(|secret| (key, secret)).ok_or(Code::KeyUnknown))
    }

    /// The live ones first: one that ended is only looked for to say so.
    pub(super) async fn matching_secret<'a>(
        &self,
        op: &Op,
        key: &'a StoredKey,
        presented: &str,
    ) -> Result<Option<&'a StoredSecret>> {
        let mut secrets: Vec<_> = key.secrets.iter().collect();
        secrets.sort_by_key(|secret| ended(secret, op.now));
        secrets.truncate(MAX_COMPARED);
        let hashes = secrets.iter().map(|secret| secret.hash.clone()).collect();
        let found = self.hasher.matching(presented, hashes).await?;
        Ok(found.and_then(|at| secrets.get(at).copied()))
    }
}

/// What an edge would be told of whoever has a secret of this key that works.
pub(super) async fn as_holder(
    db: &impl store::Reads,
    key: &StoredKey,
    now: Timestamp,
) -> Result<Result<Principal, Code>> {
    let Some(secret) = live_secret(key, now).or(key.secrets.first()) else {
        return Ok(Err(Code::KeyExpired));
    };
    with_secret(db, key, secret.id, now).await
}

/// Whose key it is, and which groups they are in.
pub(super) struct Owner {
    pub(super) user: User,
    groups: Vec<Group>,
}

impl Owner {
    pub(super) async fn of(db: &impl store::Reads, user: Uuid) -> Result<Option<Self>> {
        let Some(stored) = store::identity::by_id(db, user).await? else {
            return Ok(None);
        };
        let groups = store::groups::of_user(db, user).await?;
        Ok(Some(Self {
            user: stored.user,
            groups: groups.into_iter().map(|stored| stored.group).collect(),
        }))
    }

    pub(super) fn scope(&self) -> Scope {
        if self.user.role == Role::Administrator {
            return Scope::Unlimited;
        }
        let of_groups = self.groups.iter().flat_map(|group| &group.policies);
        let mut policies: Vec<_> = self
            .user
            .policies
            .iter()
            .chain(of_groups)
            .copied()
            .collect();
        policies.sort_unstable();
        policies.dedup();
        Scope::Policies(policies)
    }

    /// Plans of the user and of their groups count the user with all keys. Two groups with one plan count
    /// once.
    pub(super) fn limits(&self) -> Vec<Limited> {
        let groups = self.groups.iter().filter_map(|group| group.plan);
        let mut plans: Vec<_> = self.user.plan.into_iter().chain(groups).collect();
        plans.sort_unstable();
        plans.dedup();
        let subject = self.user.id;
        let limited = plans.into_iter().map(|plan| Limited {
            subject,
            by: LimitedBy::Plan(plan),
        });
        limited.collect()
    }
}

/// The key's plan and own limits count the key.
pub(super) fn limits_of_key(key: &StoredKey) -> Vec<Limited> {
    let own = key.restrictions.limits;
    let own = (!own.is_none()).then_some(LimitedBy::Own(own));
    let limited = own.into_iter().chain(key.plan.map(LimitedBy::Plan));
    let limited = limited.map(|by| Limited {
        subject: key.id,
        by,
    });
    limited.collect()
}

/// What an edge is told of whoever has this secret of the key.
pub(super) async fn with_secret(
    db: &impl store::Reads,
    key: &StoredKey,
    secret: Uuid,
    now: Timestamp,
) -> Result<Result<Principal, Code>> {
    let Some(secret) = key.secrets.iter().find(|found| found.id == secret) else {
        return Ok(Err(Code::KeyUnknown));
    };
    let owner = Owner::of(db, key.owner_id).await?;
    Ok(judge(key, secret, owner, now))
}

fn judge(
    key: &StoredKey,
    secret: &StoredSecret,
    owner: Option<Owner>,
    now: Timestamp,
) -> Result<Principal, Code> {
    let refusal = match State::of(key, now) {
        State::Revoked => Some(Code::KeyRevoked),
        State::Inactive => Some(Code::KeyInactive),
        State::Expired => Some(Code::KeyExpired),
        State::Active if ended(secret, now) => Some(Code::KeyExpired),
        State::Active => None,
    };
    match (refusal, owner) {
        (Some(code), _) => Err(code),
        (None, Some(owner)) if owner.user.enabled => Ok(principal(key, secret, &owner)),
        (None, _) => Err(Code::OwnerDisabled),
    }
}

fn principal(key: &StoredKey, secret: &StoredSecret, owner: &Owner) -> Principal {
    let restrictions = &key.restrictions;
    let user = &owner.user;
    let own_scope = if key.policies.is_empty() && restrictions.rules.is_some() {
        Scope::Unlimited
    } else {
        Scope::Policies(key.policies.clone())
    };
    Principal {
        key_id: key.id,
        key_name: key.name.clone(),
        secret_id: Some(secret.id),
        mode: key.mode,
        owner_id: user.id,
        owner_name: user.name.clone(),
        grant: Grant {
            owner: owner.scope(),
            key: own_scope,
            rules: restrictions.rules.clone(),
        },
        limits: [limits_of_key(key), owner.limits()].concat(),
        networks: restrictions.networks.clone(),
        window: restrictions.window,
        expires_at: [key.expires_at, secret.expires_at]
            .into_iter()
            .flatten()
            .min(),
    }
}

/// The newest that works.
pub(super) fn live_secret(key: &StoredKey, now: Timestamp) -> Option<&StoredSecret> {
    key.secrets.iter().find(|secret| !ended(secret, now))
}

/// Whether a rotation ended it, or its overlap.
pub(super) fn ended(secret: &StoredSecret, now: Timestamp) -> bool {
    secret.expires_at.is_some_and(|end| end <= now)
}
