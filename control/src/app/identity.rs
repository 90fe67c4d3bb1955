//! Users and the links that sign them in.

use super::{App, naming, policies, tokens};
use crate::{
    error::{Error, Kind, Result},
    op::{Op, Touched},
    store::{self, identity::StoredUser, names},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ostia_domain::{
    clock::Timestamp,
    key::Secret,
    user::{Role, User},
};
use ring::digest::{Digest, SHA256, digest};
use serde_json::json;
use uuid::Uuid;

const LINK_BYTES: usize = 32;
const DEFAULT_LINK_SECONDS: u32 = 3_600;
const MAX_LINK_SECONDS: u32 = 86_400;

/// A user as answers show it.
pub(crate) struct UserView {
    pub(crate) stored: StoredUser,
    /// Names.
    pub(crate) policies: Vec<String>,
}

/// Shown once.
pub(crate) struct LoginLink {
    pub(crate) token: Secret,
    pub(crate) expires_at: Timestamp,
}

impl App {
    pub(crate) async fn create_user(
        &self,
        op: &Op,
        name: String,
        role: Role,
        bounds: &[String],
    ) -> Result<UserView> {
        naming::check(&name)?;
        let change = self.change(op, "identity.create_user").await?;
        let stored = StoredUser {
            user: User {
                id: Uuid::now_v7(),
                name,
                role,
                enabled: true,
                policies: policies::ids(change.tx(), bounds).await?,
            },
            created_at: op.now,
        };
        let user = &stored.user;
        store::identity::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("user", &user.name))?;
        let names = names::of_policies(change.tx(), user.policies.iter().copied()).await?;
        let policies = names.all(&user.policies);
        let detail = json!({ "role": role, "policies": policies });
        change.commit(&user.name, detail, Touched::Nothing).await?;
        Ok(UserView { stored, policies })
    }

    pub(crate) async fn list_users(&self) -> Result<Vec<UserView>> {
        let users = store::identity::list(self.store.db()).await?;
        let bounds = users.iter().flat_map(|stored| &stored.user.policies);
        let names = names::of_policies(self.store.db(), bounds.copied()).await?;
        let views = users.into_iter().map(|stored| UserView {
            policies: names.all(&stored.user.policies),
            stored,
        });
        Ok(views.collect())
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
        let user = store::identity::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("user", reference))?
            .user;
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
        let detail = json!({ "expires_at": expires_at });
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
        self.view(allowed(stored)?).await
    }

    pub(crate) async fn redeem_login_link(&self, op: &Op, token: &str) -> Result<UserView> {
        let hash = hash(token);
        let change = self.change(op, "identity.redeem_login_link").await?;
        let stored =
            store::identity::user_of_login_link(change.tx(), hash.as_ref(), op.now).await?;
        let stored = allowed(stored)?;
        // Two callers may both have come so far; only one of them updates the row.
        if !store::identity::use_login_link(change.tx(), hash.as_ref(), op.now).await? {
            return Err(Error(Kind::LoginLinkInvalid));
        }
        change
            .commit(&stored.user.name, json!({}), Touched::Nothing)
            .await?;
        self.view(stored).await
    }

    async fn view(&self, stored: StoredUser) -> Result<UserView> {
        let bounds = &stored.user.policies;
        let names = names::of_policies(self.store.db(), bounds.iter().copied()).await?;
        Ok(UserView {
            policies: names.all(bounds),
            stored,
        })
    }
}

/// What is stored instead of a token. It needs no slow hash: nobody guesses 32 random bytes.
fn hash(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes())
}

fn allowed(stored: Option<StoredUser>) -> Result<StoredUser> {
    stored
        .filter(|stored| stored.user.enabled)
        .ok_or(Error(Kind::LoginLinkInvalid))
}
