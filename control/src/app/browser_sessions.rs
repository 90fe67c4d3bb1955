//! Who is signed in to the dashboard. What the web role keeps in a session is sealed, so that nothing here
//! reads it; sessions come and go by the page, so that only their ends are changes that audit tells.

use super::{App, identity};
use crate::{
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store::{
        self,
        browser_sessions::{BrowserSession, Used},
    },
};
use chrono::TimeDelta;
use ostia_domain::clock::Timestamp;
use uuid::Uuid;

const ID_HASH_BYTES: usize = 32;
const MAX_DATA_BYTES: usize = 64 << 10;
const MAX_PLACE_BYTES: usize = 512;
const MAX_SECONDS: u32 = 31_536_000;

pub(crate) struct NewSession {
    pub(crate) id_hash: Vec<u8>,
    pub(crate) user: Option<Uuid>,
    pub(crate) data: Vec<u8>,
    pub(crate) idle_seconds: u32,
    pub(crate) max_seconds: u32,
}

impl App {
    pub(crate) async fn create_browser_session(
        &self,
        op: &Op,
        new: NewSession,
    ) -> Result<BrowserSession> {
        check_hash(&new.id_hash)?;
        check_data(&new.data)?;
        let ends_at = op.now + span("max_seconds", new.max_seconds)?;
        let expires_at = op.now + span("idle_seconds", new.idle_seconds)?;
        let session = BrowserSession {
            id_hash: new.id_hash,
            user_id: new.user,
            data: new.data,
            created_at: op.now,
            expires_at: expires_at.min(ends_at),
            ends_at,
            used: None,
        };
        let write = self.store.write().await?;
        store::browser_sessions::insert(write.tx(), &session)
            .await
            .map_err(|error| match error {
                store::Error::Taken => Error(Kind::AlreadyExists {
                    what: "browser session",
                    name: String::new(),
                }),
                other => other.into(),
            })?;
        write.commit().await?;
        Ok(session)
    }

    pub(crate) async fn browser_session(&self, op: &Op, id_hash: &[u8]) -> Result<BrowserSession> {
        found(store::browser_sessions::find(self.store.db(), id_hash, op.now).await?)
    }

    pub(crate) async fn update_browser_session(
        &self,
        op: &Op,
        id_hash: &[u8],
        data: Vec<u8>,
    ) -> Result<BrowserSession> {
        check_data(&data)?;
        let write = self.store.write().await?;
        let mut session = found(store::browser_sessions::find(write.tx(), id_hash, op.now).await?)?;
        store::browser_sessions::set_data(write.tx(), id_hash, data.clone()).await?;
        write.commit().await?;
        session.data = data;
        Ok(session)
    }

    pub(crate) async fn touch_browser_session(
        &self,
        op: &Op,
        id_hash: &[u8],
        idle_seconds: u32,
        (address, agent): (Option<String>, Option<String>),
    ) -> Result<()> {
        check_place("address", address.as_deref())?;
        check_place("agent", agent.as_deref())?;
        let used = Used {
            at: op.now,
            address,
            agent,
        };
        let expires_at = op.now + span("idle_seconds", idle_seconds)?;
        let write = self.store.write().await?;
        let session = found(store::browser_sessions::find(write.tx(), id_hash, op.now).await?)?;
        let expires_at = expires_at.min(session.ends_at);
        store::browser_sessions::set_used(write.tx(), id_hash, used, expires_at).await?;
        Ok(write.commit().await?)
    }

    pub(crate) async fn claim_browser_session_check(
        &self,
        op: &Op,
        id_hash: &[u8],
        after_seconds: u32,
    ) -> Result<bool> {
        let until: Timestamp = op.now - TimeDelta::seconds(after_seconds.into());
        let write = self.store.write().await?;
        found(store::browser_sessions::find(write.tx(), id_hash, op.now).await?)?;
        let claimed =
            store::browser_sessions::claim_check(write.tx(), id_hash, until, op.now).await?;
        write.commit().await?;
        Ok(claimed)
    }

    pub(crate) async fn browser_sessions_of_user(
        &self,
        op: &Op,
        reference: &str,
    ) -> Result<Vec<BrowserSession>> {
        let read = self.store.read().await?;
        let user = identity::named(&read, reference).await?.user;
        Ok(store::browser_sessions::of_user(&read, user.id, op.now).await?)
    }

    /// With `only_of`, a session of anybody else is as if it was not there.
    pub(crate) async fn end_browser_session(
        &self,
        op: &Op,
        id_hash: &[u8],
        only_of: Option<Uuid>,
    ) -> Result<()> {
        let found = store::browser_sessions::find(self.store.db(), id_hash, op.now).await?;
        if let Some(user) = only_of
            && found
                .as_ref()
                .is_some_and(|session| session.user_id != Some(user))
        {
            return Ok(());
        }
        let user = match found.and_then(|session| session.user_id) {
            Some(id) => store::identity::by_id(self.store.db(), id).await?,
            None => None,
        };
        let Some(stored) = user else {
            // Nobody was signed in: nothing that anybody would look for in audit.
            let write = self.store.write().await?;
            store::browser_sessions::delete(write.tx(), id_hash).await?;
            return Ok(write.commit().await?);
        };
        let change = self.change(op, "browser_sessions.end").await?;
        store::browser_sessions::delete(change.tx(), id_hash).await?;
        let name = stored.user.name;
        change.commit(&name, Detail::done(), Touched::Nothing).await
    }

    pub(crate) async fn end_browser_sessions_of_user(
        &self,
        op: &Op,
        reference: &str,
    ) -> Result<u64> {
        let change = self.change(op, "browser_sessions.end_all").await?;
        let user = identity::named(change.tx(), reference).await?.user;
        let ended = store::browser_sessions::delete_of_user(change.tx(), user.id).await?;
        let detail = Detail::done().with("sessions", ended);
        change.commit(&user.name, detail, Touched::Nothing).await?;
        Ok(ended)
    }
}

fn found(session: Option<BrowserSession>) -> Result<BrowserSession> {
    session.ok_or_else(|| Error::not_found("browser session", "of that name"))
}

fn check_hash(id_hash: &[u8]) -> Result<()> {
    if id_hash.len() == ID_HASH_BYTES {
        return Ok(());
    }
    let problem = format!("has {} bytes, not {ID_HASH_BYTES}", id_hash.len());
    Err(Error::invalid("id_hash", problem))
}

fn check_place(field: &'static str, text: Option<&str>) -> Result<()> {
    let text = text.unwrap_or_default();
    if text.len() > MAX_PLACE_BYTES {
        let problem = format!("has {} bytes, more than {MAX_PLACE_BYTES}", text.len());
        return Err(Error::invalid(field, problem));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

fn check_data(data: &[u8]) -> Result<()> {
    if data.len() <= MAX_DATA_BYTES {
        return Ok(());
    }
    let problem = format!("has {} bytes, more than {MAX_DATA_BYTES}", data.len());
    Err(Error::invalid("data", problem))
}

fn span(field: &'static str, seconds: u32) -> Result<TimeDelta> {
    if (1..=MAX_SECONDS).contains(&seconds) {
        return Ok(TimeDelta::seconds(seconds.into()));
    }
    Err(Error::invalid(field, format!("must be 1 to {MAX_SECONDS}")))
}
