//! Users and the links that sign them in.

mod address;
mod administrators;
pub(crate) mod sign_in;

use self::administrators::{is_last_administrator, keep_an_administrator};
use super::{App, naming, plans, policies, tokens};
use crate::{
    error::{self, Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, Tx, identity::StoredUser, names},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ostia_domain::{
    clock::Timestamp,
    key::Secret,
    user::{Kind, Role, User},
};
use ring::digest::{Digest, SHA256, digest};
use serde_json::{Value, json};
use uuid::Uuid;

const LINK_BYTES: usize = 32;
const DEFAULT_LINK_SECONDS: u32 = 3_600;
const MAX_LINK_SECONDS: u32 = 86_400;

/// A user as answers show it.
pub(crate) struct UserView {
    pub(crate) stored: StoredUser,
    /// Names.
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
    pub(crate) groups: Vec<String>,
}

/// Of policies and plan, names or ids.
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) kind: Kind,
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
    pub(crate) email: Option<String>,
}

/// What of a user is to be another; what is unset stays.
pub(crate) struct UserChange {
    pub(crate) name: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) enabled: Option<bool>,
    pub(crate) policies: Option<Vec<String>>,
    /// Empty: none.
    pub(crate) plan: Option<String>,
    /// Empty: none.
    pub(crate) email: Option<String>,
}

/// Shown once.
pub(crate) struct LoginLink {
    pub(crate) token: Secret,
    pub(crate) expires_at: Timestamp,
}

impl App {
    pub(crate) async fn create_user(&self, op: &Op, new: NewUser) -> Result<UserView> {
        naming::check(&new.name)?;
        let change = self.change(op, "identity.create_user").await?;
        let plan = new.plan.as_deref().unwrap_or_default();
        let stored = StoredUser {
            user: User {
                id: Uuid::now_v7(),
                name: new.name,
                role: new.role,
                kind: new.kind,
                enabled: true,
                policies: policies::ids(change.tx(), &new.policies).await?,
                plan: plans::named_or_none(change.tx(), plan).await?,
            },
            email: address::given(new.email.as_deref().unwrap_or_default())?,
            created_at: op.now,
        };
        store::identity::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("user", &stored.user.name))?;
        let view = view(change.tx(), stored).await?;
        let (name, detail) = (view.stored.user.name.clone(), Detail::made(detail(&view)));
        change.commit(&name, detail, Touched::Nothing).await?;
        Ok(view)
    }

    pub(crate) async fn list_users(&self) -> Result<Vec<UserView>> {
        let read = self.store.read().await?;
        let users = store::identity::list(&read).await?;
        let bounds = users.iter().flat_map(|stored| &stored.user.policies);
        let policies = names::of_policies(&read, bounds.copied()).await?;
        let plans = users.iter().filter_map(|stored| stored.user.plan);
        let plans = names::of_plans(&read, plans).await?;
        let groups = store::groups::list(&read).await?;
        let views = users.into_iter().map(|stored| UserView {
            policies: policies.all(&stored.user.policies),
            plan: stored.user.plan.map(|id| plans.get(id)),
            groups: groups
                .iter()
                .filter(|found| found.group.members.contains(&stored.user.id))
                .map(|found| found.group.name.clone())
                .collect(),
            stored,
        });
        Ok(views.collect())
    }

    pub(crate) async fn user(&self, op: &Op, reference: &str) -> Result<UserView> {
        let read = self.store.read().await?;
        let stored = reached(&read, op, reference).await?;
        view(&read, stored).await
    }

    pub(crate) async fn update_user(
        &self,
        op: &Op,
        reference: &str,
        to: UserChange,
    ) -> Result<UserView> {
        let change = self.change(op, "identity.update_user").await?;
        let before = named(change.tx(), reference).await?;
        let mut after = before.clone();
        let user = &mut after.user;
        if let Some(name) = to.name {
            naming::check(&name)?;
            user.name = name;
        }
        user.role = to.role.unwrap_or(user.role);
        user.enabled = to.enabled.unwrap_or(user.enabled);
        if let Some(names) = to.policies {
            user.policies = policies::ids(change.tx(), &names).await?;
        }
        if let Some(plan) = to.plan {
            user.plan = plans::named_or_none(change.tx(), &plan).await?;
        }
        if let Some(email) = to.email {
            after.email = address::given(&email)?;
        }
        let user = &after.user;
        if user.role != Role::Administrator || !user.enabled {
            keep_an_administrator(change.tx(), &before.user).await?;
        }
        store::identity::update(change.tx(), &after)
            .await
            .map_err(naming::taken("user", &after.user.name))?;
        if !after.user.enabled {
            store::browser_sessions::delete_of_user(change.tx(), after.user.id).await?;
        }
        let keys = store::keys::of_owners(change.tx(), &[after.user.id]).await?;
        let before = detail(&view(change.tx(), before).await?);
        let view = view(change.tx(), after).await?;
        let name = view.stored.user.name.clone();
        let states = (before, detail(&view));
        change
            .commit_other(&name, states, Touched::Keys(&keys))
            .await?;
        Ok(view)
    }

    pub(crate) async fn delete_user(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "identity.delete_user").await?;
        let stored = named(change.tx(), reference).await?;
        keep_an_administrator(change.tx(), &stored.user).await?;
        let keys = store::keys::of_owners(change.tx(), &[stored.user.id]).await?;
        let view = view(change.tx(), stored).await?;
        let user = &view.stored.user;
        store::keys::delete_of_owner(change.tx(), user.id).await?;
        store::identity::delete(change.tx(), user.id).await?;
        let detail = Detail::removed(detail(&view)).with("keys", keys.len());
        change
            .commit(&user.name, detail, Touched::Keys(&keys))
            .await
    }

    pub(crate) async fn create_login_link(
        &self,
        op: &Op,
        reference: &str,
        valid_seconds: u32,
    ) -> Result<LoginLink> {
        let valid_seconds = match valid_seconds {
            0 => DEFAULT_LINK_SECONDS,
            n if n <= MAX_LINK_SECONDS => n,
            _ => {
                let problem = format!("is more than {MAX_LINK_SECONDS}");
                return Err(Error::invalid("valid_seconds", problem));
            }
        };
        let change = self.change(op, "identity.create_login_link").await?;
        let user = named(change.tx(), reference).await?.user;
        if user.kind == Kind::Service {
            let problem = format!(
                "the user {:?} is a service account and does not sign in",
                user.name
            );
            return Err(Error::conflict(problem));
        }
        if !user.enabled {
            let problem = format!("the user {:?} is disabled and cannot sign in", user.name);
            return Err(Error::conflict(problem));
        }
        let token = URL_SAFE_NO_PAD.encode(tokens::random::<LINK_BYTES>()?);
        let expires_at = op.now + TimeDelta::seconds(valid_seconds.into());
        let hash = hash(&token);
        store::identity::replace_login_link(
            change.tx(),
            user.id,
            hash.as_ref(),
            op.now,
            expires_at,
        )
        .await?;
        let detail = Detail::made(json!({ "expires_at": expires_at }));
        change.commit(&user.name, detail, Touched::Nothing).await?;
        Ok(LoginLink {
            token: Secret::new(token),
            expires_at,
        })
    }

    pub(crate) async fn inspect_login_link(&self, op: &Op, token: &str) -> Result<UserView> {
        let stored =
            store::identity::user_of_login_link(self.store.db(), hash(token).as_ref(), op.now)
                .await?;
        view(self.store.db(), allowed(stored)?).await
    }

    pub(crate) async fn redeem_login_link(&self, op: &Op, token: &str) -> Result<UserView> {
        let hash = hash(token);
        let change = self.change(op, "identity.redeem_login_link").await?;
        let stored =
            store::identity::user_of_login_link(change.tx(), hash.as_ref(), op.now).await?;
        let stored = allowed(stored)?;
        // Two callers may both have come so far; only one of them updates the row.
        if !store::identity::use_login_link(change.tx(), hash.as_ref(), op.now).await? {
            return Err(Error(error::Kind::LoginLinkInvalid));
        }
        change
            .commit(&stored.user.name, Detail::done(), Touched::Nothing)
            .await?;
        view(self.store.db(), stored).await
    }
}

/// Somebody else is as if they were not there, for whoever only reaches themselves.
pub(super) async fn reached(db: &Tx, op: &Op, reference: &str) -> Result<StoredUser> {
    let stored = named(db, reference).await?;
    if op.reaches(stored.user.id) {
        return Ok(stored);
    }
    Err(Error::not_found("user", reference))
}

pub(super) async fn named(db: &impl store::Reads, reference: &str) -> Result<StoredUser> {
    store::identity::find(db, reference)
        .await?
        .ok_or_else(|| Error::not_found("user", reference))
}

async fn view(db: &impl store::Reads, stored: StoredUser) -> Result<UserView> {
    let user = &stored.user;
    let policies = names::of_policies(db, user.policies.iter().copied()).await?;
    let plans = names::of_plans(db, user.plan).await?;
    let groups = store::groups::of_user(db, user.id).await?;
    Ok(UserView {
        policies: policies.all(&user.policies),
        plan: user.plan.map(|id| plans.get(id)),
        groups: groups.into_iter().map(|found| found.group.name).collect(),
        stored,
    })
}

/// See [`tag`].
pub(crate) fn etag(view: &UserView) -> String {
    tag(&detail(view))
}

fn detail(view: &UserView) -> Value {
    let user = &view.stored.user;
    json!({
        "name": user.name,
        "role": user.role,
        "kind": user.kind,
        "enabled": user.enabled,
        "policies": view.policies,
        "plan": view.plan,
        "email": view.stored.email.as_deref().map(address::mark),
    })
}

/// What is stored instead of a token. It needs no slow hash: nobody guesses 32 random bytes.
fn hash(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes())
}

fn allowed(stored: Option<StoredUser>) -> Result<StoredUser> {
    stored
        .filter(|stored| stored.user.enabled)
        .ok_or(Error(error::Kind::LoginLinkInvalid))
}
