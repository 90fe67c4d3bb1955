//! Keys as answers show them: in which state, and with names for ids.

use crate::{
    error::{Error, Result},
    op::{Op, tag},
    store::{Tx, keys::StoredKey, names},
};
use ostia_domain::clock::Timestamp;
use serde_json::{Value, json};

pub(crate) struct KeyView {
    pub(crate) key: StoredKey,
    pub(crate) state: State,
    pub(crate) owner_name: String,
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Inactive,
    Revoked,
    Expired,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// The first of these that holds is why a key is refused.
    pub(crate) fn of(key: &StoredKey, now: Timestamp) -> Self {
        if key.revoked_at.is_some() {
            Self::Revoked
        } else if !key.active {
            Self::Inactive
        } else if key.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

impl KeyView {
    /// Since when nobody used it, where that is why it is refused. One that was revoked after that is so because it
    /// was revoked.
    pub(crate) fn idle_since(&self) -> Option<Timestamp> {
        self.key
            .idle_since
            .filter(|_| self.state == State::Inactive)
    }
}

pub(super) async fn view(tx: &Tx, op: &Op, key: StoredKey) -> Result<KeyView> {
    let name = key.name.clone();
    let mut views = views(tx, op, vec![key]).await?;
    views.pop().ok_or_else(|| Error::not_found("key", &name))
}

pub(super) async fn views(tx: &Tx, op: &Op, keys: Vec<StoredKey>) -> Result<Vec<KeyView>> {
    let owners = names::of_users(tx, keys.iter().map(|key| key.owner_id)).await?;
    let plans = names::of_plans(tx, keys.iter().filter_map(|key| key.plan)).await?;
    let bounds = keys.iter().flat_map(|key| key.policies.iter().copied());
    let policies = names::of_policies(tx, bounds).await?;
    let views = keys.into_iter().map(|key| KeyView {
        state: State::of(&key, op.now),
        owner_name: owners.get(key.owner_id),
        policies: policies.all(&key.policies),
        plan: key.plan.map(|id| plans.get(id)),
        key,
    });
    Ok(views.collect())
}

/// See [`tag`].
pub(crate) fn etag(view: &KeyView) -> String {
    tag(&detail(view))
}

/// As audit keeps it, before or after a change.
pub(super) fn detail(view: &KeyView) -> Value {
    let key = &view.key;
    json!({
        "key_id": key.id,
        "name": key.name,
        "state": view.state.as_str(),
        "owner": view.owner_name,
        "policies": view.policies,
        "plan": view.plan,
        "restrictions": key.restrictions,
        "expires_at": key.expires_at,
        "secrets": key
            .secrets
            .iter()
            .map(|secret| json!({ "id": secret.id, "expires_at": secret.expires_at }))
            .collect::<Vec<_>>(),
    })
}
