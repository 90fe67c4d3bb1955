//! Whether a presented key is one, whose it is and what it may do.
//!
//! The cheap questions come first, so that noise from outside costs next to nothing: the checksum, then
//! one look-up, and only for a key that exists the hash. What state a key is in is said to nobody who
//! has not got its secret.

use super::{App, keys::State};
use crate::{
    error::Result,
    op::Op,
    store::{self, identity::StoredUser, keys::StoredKey, secrets::StoredSecret},
};
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    key::Presented,
    policy::{Grant, Scope},
    principal::Principal,
    user::{Role, User},
};

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
    pub(crate) async fn authenticate(&self, op: &Op, text: &str) -> Result<Verdict> {
        let Ok(presented) = Presented::parse(text) else {
            return Ok(Verdict::Refused(Code::KeyMalformed));
        };
        let db = self.store.db();
        let key = store::keys::by_public_id(db, &presented.public_id()).await?;
        let Some(key) = key.filter(|key| key.mode == presented.mode) else {
            return Ok(Verdict::Refused(Code::KeyUnknown));
        };
        let Some(secret) = self.matching_secret(op, &key, presented.secret()).await? else {
            return Ok(Verdict::Refused(Code::KeyUnknown));
        };
        let owner = store::identity::by_id(db, key.owner_id).await?;
        let principal = match judge(&key, secret, owner, op.now) {
            Ok(principal) => Box::new(principal),
            Err(code) => return Ok(Verdict::Refused(code)),
        };
        self.uses.secret_used(key.id, secret.id, op.now);
        // Read after the key, so that it is not older than what the key refers to.
        let revision = store::revisions::current(db).await?.snapshot.unsigned_abs();
        Ok(Verdict::Accepted {
            principal,
            revision,
        })
    }

    /// The live ones first: one that ended is only looked for to say so.
    async fn matching_secret<'a>(
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
    let mut secrets = key.secrets.iter();
    let Some(secret) = secrets.clone().find(|s| !ended(s, now)).or(secrets.next()) else {
        return Ok(Err(Code::KeyExpired));
    };
    let owner = store::identity::by_id(db, key.owner_id).await?;
    Ok(judge(key, secret, owner, now))
}

fn judge(
    key: &StoredKey,
    secret: &StoredSecret,
    owner: Option<StoredUser>,
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
        (None, Some(stored)) if stored.user.enabled => Ok(principal(key, secret, stored.user)),
        (None, _) => Err(Code::OwnerDisabled),
    }
}

fn principal(key: &StoredKey, secret: &StoredSecret, owner: User) -> Principal {
    let owner_scope = match owner.role {
        Role::Administrator => Scope::Unlimited,
        Role::Member => Scope::Policies(owner.policies),
    };
    Principal {
        key_id: key.id,
        key_name: key.name.clone(),
        mode: key.mode,
        owner_id: owner.id,
        owner_name: owner.name,
        grant: Grant {
            owner: owner_scope,
            key: Scope::Policies(key.policies.clone()),
            rules: None,
        },
        plan: key.plan,
        expires_at: [key.expires_at, secret.expires_at]
            .into_iter()
            .flatten()
            .min(),
    }
}

fn ended(secret: &StoredSecret, now: Timestamp) -> bool {
    secret.expires_at.is_some_and(|end| end <= now)
}
