//! People whom a provider knows. Who they are is their issuer and subject: a name or an e-mail address that
//! somebody else has too makes them nobody else, least of all an administrator.

use super::{App, UserView, address, detail, is_last_administrator, view};
use crate::{
    error::{Error, Kind as ErrorKind, Result},
    op::{Detail, Op, Touched},
    store::{self, Tx, identity::StoredUser},
};
use ostia_domain::user::{Kind, Role, User};
use serde_json::json;
use uuid::Uuid;

/// Longer names are cut.
const MAX_NAME_CHARACTERS: usize = 80;
const MAX_SUBJECT_BYTES: usize = 1_000;
/// Of one name, before the id of the user is put behind it.
const MAX_TRIES: usize = 20;

/// What a provider says, checked by the web role.
pub(crate) struct SignIn {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// What the provider is called in the configuration, for audit.
    pub(crate) provider: String,
    /// For a user who is new.
    pub(crate) name: String,
    /// Of the provider; those that are groups here are meant. Unset: groups are not its business.
    pub(crate) groups: Option<Vec<String>>,
    /// Unset: the role is not its business.
    pub(crate) role: Option<Role>,
    /// An address that it verified. Unset: it vouches for none.
    pub(crate) email: Option<String>,
    /// Nobody signed in: what the provider said was asked for again.
    pub(crate) renewed: bool,
}

impl App {
    /// Finds or makes the user and takes over what the provider decides about them.
    pub(crate) async fn sign_in(&self, op: &Op, told: SignIn) -> Result<UserView> {
        check(&told)?;
        let change = self.change(op, "identity.sign_in").await?;
        let tx = change.tx();
        let known = store::identity_links::find(tx, &told.issuer, &told.subject).await?;
        let known = match known {
            Some(id) => store::identity::by_id(tx, id).await?,
            None => None,
        };
        let before = match &known {
            Some(stored) => Some(detail(&view(tx, stored.clone()).await?)),
            None => None,
        };
        let mut stored = match known {
            Some(stored) => stored,
            None => make(tx, op, &told).await?,
        };
        if !stored.user.enabled {
            return Err(Error(ErrorKind::SignInRefused));
        }
        let mut changed = before.is_none();
        let mut kept = None;
        if let Some(role) = told.role.filter(|role| *role != stored.user.role) {
            if is_last_administrator(tx, &stored.user).await? {
                let user = &stored.user.name;
                tracing::warn!(
                    user,
                    role = role.as_str(),
                    "a provider takes the role of the last administrator away: it is kept"
                );
                kept = Some(role);
            } else {
                stored.user.role = role;
                store::identity::update(tx, &stored).await?;
                changed = true;
            }
        }
        // Edges know nothing of it, so this alone is nothing that they are told.
        let email = address::vouched(told.email.as_deref());
        let moved = stored.email != email;
        if moved {
            stored.email = email;
            store::identity::update(tx, &stored).await?;
        }
        let user_id = stored.user.id;
        if let Some(names) = &told.groups {
            // No group has such a name, and PostgreSQL fails on it instead of finding none.
            let names: Vec<_> = names
                .iter()
                .filter(|name| !name.contains('\0'))
                .cloned()
                .collect();
            let groups = store::identity_links::groups_named(tx, &names).await?;
            let ids: Vec<_> = groups.into_iter().map(|(id, _)| id).collect();
            let issuer = &told.issuer;
            changed |= store::identity_links::give_groups(tx, user_id, issuer, &ids).await?;
        }
        let view = view(tx, stored).await?;
        if told.renewed && !changed && !moved && kept.is_none() {
            return Ok(view);
        }
        let keys = store::keys::of_owners(tx, &[user_id]).await?;
        let after = detail(&view);
        let detail = match before {
            None => Detail::made(after),
            Some(before) => Detail::changed(before, after),
        };
        let detail = detail
            .with("provider", told.provider)
            .with("issuer", told.issuer)
            .with("subject", told.subject)
            .with("groups", json!(view.groups));
        let detail = match kept {
            Some(role) => detail.with("role_not_taken_over", role.as_str()),
            None => detail,
        };
        let touched = if changed {
            Touched::Keys(&keys)
        } else {
            Touched::Nothing
        };
        let name = view.stored.user.name.clone();
        change.commit(&name, detail, touched).await?;
        Ok(view)
    }
}

fn check(told: &SignIn) -> Result<()> {
    for (field, value) in [("issuer", &told.issuer), ("subject", &told.subject)] {
        if value.is_empty() || value.len() > MAX_SUBJECT_BYTES {
            let problem = format!("must have 1 to {MAX_SUBJECT_BYTES} bytes");
            return Err(Error::invalid(field, problem));
        }
        if value.contains('\0') {
            return Err(Error::invalid(field, "must not contain NUL characters"));
        }
    }
    Ok(())
}

async fn make(tx: &Tx, op: &Op, told: &SignIn) -> Result<StoredUser> {
    let id = Uuid::now_v7();
    let stored = StoredUser {
        user: User {
            id,
            name: free_name(tx, &told.name, id).await?,
            role: Role::Member,
            kind: Kind::Person,
            enabled: true,
            policies: Vec::new(),
            plan: None,
        },
        email: address::vouched(told.email.as_deref()),
        created_at: op.now,
    };
    store::identity::insert(tx, &stored).await?;
    store::identity_links::insert(tx, &told.issuer, &told.subject, id, op.now).await?;
    Ok(stored)
}

/// The name itself, or with a number behind it where somebody else has it.
async fn free_name(tx: &Tx, wanted: &str, id: Uuid) -> Result<String> {
    let wanted: String = wanted
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARACTERS)
        .collect();
    let wanted = match wanted.trim() {
        "" => "user",
        name => name,
    };
    for number in 1..=MAX_TRIES {
        let name = match number {
            1 => wanted.to_owned(),
            number => format!("{wanted} {number}"),
        };
        // A name that is a UUID would name another user by id one day.
        if Uuid::try_parse(&name).is_err() && store::identity::find(tx, &name).await?.is_none() {
            return Ok(name);
        }
    }
    Ok(format!("user {id}"))
}
