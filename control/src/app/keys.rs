//! API keys: made, rotated, switched off and on, ended.

mod events;
mod expiry;
mod idle;
mod leaked;
mod named;
mod update;
mod view;

pub(crate) use events::{KeyEvents, KeyUse};
pub(crate) use expiry::Expiry;
pub(super) use named::{all_named, named, named_of};
pub(crate) use update::KeyChange;
pub(crate) use view::{KeyView, State, etag};

use self::{
    expiry::seconds,
    view::{detail, view, views},
};
use super::{App, naming, plans, policies, tokens, upstreams};
use crate::{
    error::{Error, Result},
    op::{Change, Detail, Op, Touched},
    store::{
        self, Tx,
        keys::{LastUse, Of, StoredKey, WorthALook},
        page::Page,
        secrets::StoredSecret,
    },
};
use ostia_domain::{
    key::{self, Mode, PublicId, Restrictions, Secret},
    user::User,
};
use uuid::Uuid;

const MAX_PAGE: u32 = 500;

pub(crate) struct NewKey {
    pub(crate) name: String,
    /// Name or id. Unset: the first administrator.
    pub(crate) owner: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
    pub(crate) expiry: Expiry,
    pub(crate) restrictions: Restrictions,
}

/// Which keys are listed. What is unset narrows nothing.
pub(crate) struct KeysWanted<'a> {
    /// Name or id of the user.
    pub(crate) owner: Option<&'a str>,
    /// Name or id of one that they name.
    pub(crate) policy: Option<&'a str>,
    pub(crate) worth: Option<WorthALook>,
}

impl App {
    /// The key, and the only copy of its text there will be.
    pub(crate) async fn create_key(&self, op: &Op, new: NewKey) -> Result<(KeyView, Secret)> {
        naming::check(&new.name)?;
        let public_id = key::public_id(tokens::random()?);
        // Before the transaction: nobody should wait for a hash with the database locked.
        let (secret, text) = self.mint(op, new.mode, &public_id).await?;
        let change = self.change(op, "keys.create").await?;
        let owner = owner(change.tx(), op, new.owner.as_deref()).await?;
        update::check_holder(op, Some(&owner), None)?;
        if new.mode == Mode::Test {
            upstreams::demo::require(change.tx()).await?;
        }
        op.check_mints_no(owner.id, None)?;
        update::check_reach(
            change.tx(),
            op,
            &owner,
            Some(&new.policies),
            new.plan.as_deref(),
        )
        .await?;
        let stored = StoredKey {
            id: Uuid::now_v7(),
            public_id,
            mode: new.mode,
            owner_id: owner.id,
            policies: policies::ids(change.tx(), &new.policies).await?,
            plan: plans::named_or_none(change.tx(), new.plan.as_deref().unwrap_or_default())
                .await?,
            active: true,
            activated_at: None,
            idle_since: None,
            idle_told_at: None,
            created_at: op.now,
            expires_at: new.expiry.of_new(op.now, self.max_key_lifetime)?,
            revoked_at: None,
            last_used: LastUse::default(),
            restrictions: new.restrictions,
            secrets: vec![secret],
            name: new.name,
        };
        update::check_bounds(&stored, &owner)?;
        store::keys::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("key", &stored.name))?;
        let view = view(change.tx(), op, stored).await?;
        commit(change, &view.key, Detail::made(detail(&view))).await?;
        Ok((view, text))
    }

    pub(crate) async fn list_keys(
        &self,
        op: &Op,
        wanted: KeysWanted<'_>,
        (page_size, page_token): (u32, &str),
    ) -> Result<Page<KeyView>> {
        let ask = super::paging::ask(page_size, MAX_PAGE, page_token)?;
        let read = self.store.read().await?;
        let owner = match wanted.owner {
            Some(reference) => Some(named_owner(&read, op, reference).await?.id),
            None => op.only_of(),
        };
        let policy = match wanted.policy {
            None => None,
            Some(reference) => match store::policies::find(&read, reference).await? {
                Some(stored) => Some(stored.policy.id),
                None => return Ok(Page::last(Vec::new())),
            },
        };
        let of = Of {
            owner,
            policy,
            worth: wanted.worth,
        };
        let page = store::keys::list(&read, of, ask).await?;
        Ok(Page {
            rows: views(&read, op, page.rows).await?,
            next_page_token: page.next_page_token,
        })
    }

    /// Of one user alone, where they are named by name or id.
    pub(crate) async fn key(
        &self,
        op: &Op,
        reference: &str,
        owner: Option<&str>,
    ) -> Result<KeyView> {
        let read = self.store.read().await?;
        let owner = match owner {
            Some(owner) => Some(named_owner(&read, op, owner).await?.id),
            None => op.only_of(),
        };
        let key = named_of(&read, owner, reference).await?;
        view(&read, op, key).await
    }

    /// The key, and the only copy of its new text.
    pub(crate) async fn rotate_key(
        &self,
        op: &Op,
        reference: &str,
        overlap_seconds: u64,
    ) -> Result<(KeyView, Secret)> {
        let end = op.now + seconds("overlap_seconds", overlap_seconds)?;
        let key = named(self.store.db(), op, reference).await?;
        let (secret, text) = self.mint(op, key.mode, &key.public_id).await?;
        let change = self.change(op, "keys.rotate").await?;
        // Read again: it may have been revoked while the secret was hashed.
        let key = unrevoked(named(change.tx(), op, reference).await?)?;
        let owner = store::identity::by_id(change.tx(), key.owner_id).await?;
        update::check_holder(op, owner.map(|found| found.user).as_ref(), Some(key.id))?;
        op.check_mints_no(key.owner_id, Some(key.id))?;
        if State::of(&key, op.now) == State::Expired {
            return Err(Error::conflict(format!(
                "the key {:?} has expired, which a new secret does not change: give it a later end, or make another",
                key.name
            )));
        }
        store::secrets::end(change.tx(), key.id, end).await?;
        store::secrets::insert(change.tx(), key.id, &secret).await?;
        Ok((changed(change, op, key).await?, text))
    }

    pub(crate) async fn set_key_active(
        &self,
        op: &Op,
        reference: &str,
        active: bool,
    ) -> Result<KeyView> {
        let action = if active {
            "keys.activate"
        } else {
            "keys.inactivate"
        };
        let change = self.change(op, action).await?;
        let key = unrevoked(named(change.tx(), op, reference).await?)?;
        if active {
            op.check_mints_no(key.owner_id, None)?;
        }
        store::keys::set_active(change.tx(), key.id, active, op.now).await?;
        changed(change, op, key).await
    }

    pub(crate) async fn revoke_key(&self, op: &Op, reference: &str) -> Result<KeyView> {
        let change = self.change(op, "keys.revoke").await?;
        let key = named(change.tx(), op, reference).await?;
        store::keys::revoke(change.tx(), key.id, op.now).await?;
        changed(change, op, key).await
    }

    pub(crate) async fn delete_key(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "keys.delete").await?;
        let key = named(change.tx(), op, reference).await?;
        let view = view(change.tx(), op, key).await?;
        store::keys::delete(change.tx(), view.key.id).await?;
        commit(change, &view.key, Detail::removed(detail(&view))).await
    }

    async fn mint(&self, op: &Op, mode: Mode, id: &PublicId) -> Result<(StoredSecret, Secret)> {
        let text = key::mint(mode, id, tokens::random()?);
        let presented = key::Presented::parse(text.expose())
            .map_err(|error| Error::conflict(format!("a key that was just made: {error}")))?;
        let last_four = presented.secret().len() - 4;
        let secret = StoredSecret {
            id: Uuid::now_v7(),
            hash: self.hasher.hash(presented.secret()).await?,
            last_four: presented.secret()[last_four..].to_owned(),
            created_at: op.now,
            expires_at: None,
            last_used_at: None,
        };
        Ok((secret, text))
    }
}

/// What changes and audit call a key.
pub(super) fn label(key: &StoredKey) -> String {
    format!("ost_{}_{}", key.mode.as_str(), key.public_id)
}

/// Ends a change of a key, which is given as it was.
async fn changed(change: Change<'_>, op: &Op, before: StoredKey) -> Result<KeyView> {
    let before = view(change.tx(), op, before).await?;
    let after = reread(&change, op, before.key.id).await?;
    let told = Detail::changed(detail(&before), detail(&after));
    commit(change, &after.key, told).await?;
    Ok(after)
}

async fn commit(change: Change<'_>, key: &StoredKey, detail: Detail) -> Result<()> {
    change
        .commit(&label(key), detail, Touched::Keys(&[key.id]))
        .await
}

/// A key of somebody else is as if it was not there, for whoever only reaches their own.
fn unrevoked(key: StoredKey) -> Result<StoredKey> {
    if key.revoked_at.is_none() {
        return Ok(key);
    }
    Err(Error::conflict(format!(
        "the key {:?} is revoked, which is for good: make a new key",
        key.name
    )))
}

async fn named_owner(tx: &Tx, op: &Op, reference: &str) -> Result<User> {
    let stored = store::identity::find(tx, reference).await?;
    stored
        .map(|stored| stored.user)
        .filter(|user| op.reaches(user.id))
        .ok_or_else(|| Error::not_found("user", reference))
}

async fn owner(tx: &Tx, op: &Op, reference: Option<&str>) -> Result<User> {
    let own = op.only_of().map(|user| user.to_string());
    let user = match reference.or(own.as_deref()) {
        Some(reference) => named_owner(tx, op, reference).await?,
        None => {
            store::identity::first_administrator(tx)
                .await?
                .ok_or_else(|| {
                    Error::conflict("there is no administrator yet: name an owner or make one")
                })?
                .user
        }
    };
    if user.enabled {
        Ok(user)
    } else {
        let problem = format!("the user {:?} is disabled", user.name);
        Err(Error::conflict(problem))
    }
}

async fn reread(change: &Change<'_>, op: &Op, id: Uuid) -> Result<KeyView> {
    let key = named(change.tx(), op, &id.to_string()).await?;
    view(change.tx(), op, key).await
}
