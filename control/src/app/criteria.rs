//! What lists of events, records and sums are narrowed to, as callers name it.

use super::{App, keys};
use crate::{
    error::{Error, Result},
    store::{
        self,
        narrow::{During, Narrow, OfKey, OfUser},
    },
};
use ostia_domain::{clock::Timestamp, usage::Outcome};
use uuid::Uuid;

/// Everything that is unset narrows nothing.
#[derive(Default)]
pub(crate) struct Criteria {
    /// Set: what belongs to anybody else is not there.
    pub(crate) only_of: Option<Uuid>,
    /// Id or public id.
    pub(crate) key: Option<String>,
    /// Id or name.
    pub(crate) user: Option<String>,
    pub(crate) upstream: Option<String>,
    /// `<upstream>.<tool>`.
    pub(crate) tool: Option<String>,
    pub(crate) outcome: Option<String>,
    /// From this time on.
    pub(crate) from: Option<Timestamp>,
    /// Until before this time.
    pub(crate) to: Option<Timestamp>,
}

impl App {
    pub(super) async fn narrow(&self, criteria: &Criteria) -> Result<Narrow> {
        let key = match &criteria.key {
            Some(reference) => Some(self.of_key(reference, criteria.only_of).await?),
            None => None,
        };
        let user = match (&criteria.user, criteria.only_of) {
            (Some(reference), own) => Some(self.of_user(reference, own).await?),
            (None, own) => own.map(|id| OfUser { id, name: None }),
        };
        Ok(Narrow {
            key,
            user,
            upstream: text("upstream", criteria.upstream.as_deref())?,
            tool: text("tool", criteria.tool.as_deref())?,
            outcome: criteria.outcome.as_deref().map(outcome).transpose()?,
            during: during(criteria.from, criteria.to)?,
        })
    }

    /// A key that was deleted is still found by its id. So there is nothing to tell a foreign one from it, either.
    async fn of_key(&self, reference: &str, only_of: Option<Uuid>) -> Result<OfKey> {
        let there = store::keys::find(self.store.db(), reference).await?;
        let reached = there.filter(|key| only_of.is_none_or(|own| own == key.owner_id));
        if let Ok(id) = Uuid::try_parse(reference)
            && reached.is_none()
        {
            return Ok(OfKey {
                id,
                owner: None,
                target: id.to_string(),
            });
        }
        let key = keys::named_of(self.store.db(), only_of, reference).await?;
        Ok(OfKey {
            id: key.id,
            owner: Some(key.owner_id),
            target: keys::label(&key),
        })
    }

    /// So is a user.
    async fn of_user(&self, reference: &str, only_of: Option<Uuid>) -> Result<OfUser> {
        let stored = store::identity::find(self.store.db(), reference).await?;
        let found = stored.as_ref().map(|stored| stored.user.id);
        if only_of.is_some() && only_of != found {
            return Err(Error::not_found("user", reference));
        }
        match (stored, Uuid::try_parse(reference)) {
            (Some(stored), _) => Ok(OfUser {
                id: stored.user.id,
                name: Some(stored.user.name),
            }),
            (None, Ok(id)) => Ok(OfUser { id, name: None }),
            (None, Err(_)) => Err(Error::not_found("user", reference)),
        }
    }
}

/// Nothing has such a name, and PostgreSQL fails on it instead of finding nothing.
pub(super) fn text(what: &'static str, name: Option<&str>) -> Result<Option<String>> {
    match name {
        Some(name) if name.contains('\0') => Err(Error::not_found(what, name)),
        name => Ok(name.map(str::to_owned)),
    }
}

fn outcome(text: &str) -> Result<Outcome> {
    Outcome::parse(text).ok_or_else(|| {
        let known = Outcome::ALL.map(Outcome::as_str).join(", ");
        Error::invalid("outcome", format!("{text:?} is none of {known}"))
    })
}

fn during(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<During> {
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Error::invalid("to", "is not after `from`"));
    }
    Ok(During { from, to })
}
