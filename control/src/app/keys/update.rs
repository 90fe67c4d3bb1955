//! What a key is held to, changed.

use super::{Expiry, KeyView, commit, named, reread, unrevoked};
use crate::{
    app::{App, naming, plans, policies},
    error::{Error, Result},
    op::Op,
    store::{self, keys::StoredKey},
};
use ostia_domain::{
    key::Restrictions,
    user::{Kind, User},
};
use serde_json::{Value, json};

/// What is to be another; what is unset stays. Names and ids.
pub(crate) struct KeyChange {
    pub(crate) name: Option<String>,
    pub(crate) policies: Option<Vec<String>>,
    /// Empty: none.
    pub(crate) plan: Option<String>,
    pub(crate) restrictions: Option<Restrictions>,
    pub(crate) expiry: Option<Expiry>,
}

impl App {
    pub(crate) async fn update_key(
        &self,
        op: &Op,
        reference: &str,
        to: KeyChange,
    ) -> Result<KeyView> {
        let change = self.change(op, "keys.update").await?;
        let mut key = unrevoked(named(change.tx(), reference).await?)?;
        let before = settings(&key);
        if let Some(name) = to.name {
            naming::check(&name)?;
            key.name = name;
        }
        if let Some(names) = to.policies {
            key.policies = policies::ids(change.tx(), &names).await?;
        }
        if let Some(plan) = to.plan {
            key.plan = plans::named_or_none(change.tx(), &plan).await?;
        }
        if let Some(restrictions) = to.restrictions {
            key.restrictions = restrictions;
        }
        if let Some(expiry) = to.expiry {
            key.expires_at = expiry.from(op.now, self.max_key_lifetime)?;
        }
        let owner = store::identity::by_id(change.tx(), key.owner_id).await?;
        let owner = owner.ok_or_else(|| Error::not_found("user", &key.owner_id.to_string()))?;
        check_bounds(&key, &owner.user)?;
        store::keys::update(change.tx(), &key)
            .await
            .map_err(naming::taken("key", &key.name))?;
        let view = reread(&change, op, key.id).await?;
        let after = settings(&view.key);
        commit(change, &view, json!({ "before": before, "after": after })).await?;
        Ok(view)
    }
}

/// As audit keeps them.
fn settings(key: &StoredKey) -> Value {
    json!({
        "name": key.name,
        "policies": key.policies,
        "plan": key.plan,
        "restrictions": key.restrictions,
        "expires_at": key.expires_at,
    })
}

/// A key that nothing permits anything is a mistake; but one of a service account need not call tools.
pub(super) fn check_bounds(key: &StoredKey, owner: &User) -> Result<()> {
    let bounded = !key.policies.is_empty() || key.restrictions.rules.is_some();
    if bounded || owner.kind == Kind::Service {
        return Ok(());
    }
    Err(Error::invalid(
        "policies",
        "name at least one, or give the key rules of its own: with neither it may do nothing",
    ))
}
