//! What a key is held to, changed.

use super::{
    Expiry, KeyView, label, named, reread, unrevoked,
    view::{detail, view},
};
use crate::{
    app::{App, naming, plans, policies},
    authority::may_hold_keys_of,
    error::{Error, Kind as ErrorKind, Result},
    op::{Op, Touched},
    store::{self, Tx, keys::StoredKey},
};
use ostia_domain::{
    key::Restrictions,
    user::{Kind, User},
};
use uuid::Uuid;

/// What is to be another; what is unset stays. Names and ids.
pub(crate) struct KeyChange {
    pub(crate) name: Option<String>,
    pub(crate) policies: Option<Vec<String>>,
    /// Empty: none.
    pub(crate) plan: Option<String>,
    pub(crate) restrictions: Option<Restrictions>,
    pub(crate) expiry: Option<Expiry>,
}

impl KeyChange {
    /// What it may do, and for how long, stays.
    fn only_names(&self) -> bool {
        let Self {
            name: _,
            policies,
            plan,
            restrictions,
            expiry,
        } = self;
        policies.is_none() && plan.is_none() && restrictions.is_none() && expiry.is_none()
    }
}

impl App {
    pub(crate) async fn update_key(
        &self,
        op: &Op,
        reference: &str,
        to: KeyChange,
    ) -> Result<KeyView> {
        let change = self.change(op, "keys.update").await?;
        let before = unrevoked(named(change.tx(), op, reference).await?)?;
        let mut key = before.clone();
        let owner = store::identity::by_id(change.tx(), key.owner_id).await?;
        let owner = owner.ok_or_else(|| Error::not_found("user", &key.owner_id.to_string()))?;
        if !to.only_names() {
            op.check_mints_no(key.owner_id, None)?;
        }
        let plan = to.plan.as_deref();
        check_reach(change.tx(), op, &owner.user, to.policies.as_deref(), plan).await?;
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
            key.expires_at = expiry.of_old(op.now, self.max_key_lifetime, &before)?;
        }
        check_bounds(&key, &owner.user)?;
        store::keys::update(change.tx(), &key)
            .await
            .map_err(naming::taken("key", &key.name))?;
        let before = view(change.tx(), op, before).await?;
        let after = reread(&change, op, key.id).await?;
        let states = (detail(&before), detail(&after));
        let touched = Touched::Keys(&[key.id]);
        change
            .commit_other(&label(&after.key), states, touched)
            .await?;
        Ok(after)
    }
}

/// Whoever only reaches their own uses the policies that bound them already: others are as if they were
/// not there. Plans are given by those who run this Ostia.
pub(super) async fn check_reach(
    tx: &Tx,
    op: &Op,
    owner: &User,
    policies: Option<&[String]>,
    plan: Option<&str>,
) -> Result<()> {
    if op.only_of().is_none() {
        return Ok(());
    }
    if plan.is_some() {
        let problem = "is given by an administrator: a key has `restrictions.limits` of its own";
        return Err(Error::invalid("plan", problem));
    }
    let groups = store::groups::of_user(tx, owner.id).await?;
    let of_groups = groups.iter().flat_map(|stored| &stored.group.policies);
    let bounds: Vec<_> = owner.policies.iter().chain(of_groups).copied().collect();
    for reference in policies.into_iter().flatten() {
        let found = store::policies::find(tx, reference).await?;
        if !found.is_some_and(|stored| bounds.contains(&stored.policy.id)) {
            return Err(Error::not_found("policy", reference));
        }
    }
    Ok(())
}

/// Nobody gets a secret that does more than they may. Who has this very key gets nothing more.
pub(super) fn check_holder(op: &Op, owner: Option<&User>, key: Option<Uuid>) -> Result<()> {
    if key.is_some() && op.with.key == key {
        return Ok(());
    }
    if owner.is_some_and(|owner| may_hold_keys_of(op.role, owner)) {
        return Ok(());
    }
    Err(Error(ErrorKind::Forbidden))
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
