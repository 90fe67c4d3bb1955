//! Sessions are kept by control: it has the database, and ends those of users who may not sign in any more.

use super::{SIGNED_IN, SignedIn, TOLD, Told, id_hash, seal};
use async_trait::async_trait;
use ostia_proto::{ControlClient, convert::from_timestamp, v1};
use serde_json::{Map, Value};
use std::{fmt, time::Duration};
use tonic::{Code, Status};
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// How long somebody may take at a provider's pages before anybody is signed in.
const SIGN_IN_SECONDS: u32 = 900;

#[derive(Clone)]
pub(crate) struct Store {
    control: ControlClient,
    idle_seconds: u32,
    max_seconds: u32,
}

impl Store {
    pub(crate) fn new(control: ControlClient, idle: Duration, max: Duration) -> Self {
        Self {
            control,
            idle_seconds: seconds(idle),
            max_seconds: seconds(max),
        }
    }
}

pub(crate) fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let user = user(record);
        let (idle_seconds, max_seconds) = match user {
            Some(_) => (self.idle_seconds, self.max_seconds),
            None => (SIGN_IN_SECONDS, SIGN_IN_SECONDS),
        };
        loop {
            let request = v1::CreateBrowserSessionRequest {
                id_hash: id_hash(record.id),
                user_id: user.clone(),
                data: sealed(record)?,
                idle_seconds,
                max_seconds,
            };
            let mut sessions = self.control.browser_sessions();
            match sessions.create_browser_session(request).await {
                Err(status) if status.code() == Code::AlreadyExists => record.id = Id::default(),
                answer => return answer.map(drop).map_err(|status| backend(&status)),
            }
        }
    }

    /// One that ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let request = v1::UpdateBrowserSessionRequest {
            id_hash: id_hash(record.id),
            data: sealed(record)?,
        };
        let mut sessions = self.control.browser_sessions();
        match sessions.update_browser_session(request).await {
            Err(status) if status.code() == Code::NotFound => Ok(()),
            answer => answer.map(drop).map_err(|status| backend(&status)),
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let request = v1::GetBrowserSessionRequest {
            id_hash: id_hash(*id),
        };
        let mut sessions = self.control.browser_sessions();
        let kept = match sessions.get_browser_session(request).await {
            Ok(kept) => kept.into_inner(),
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(backend(&status)),
        };
        let Some(plain) = seal::open(*id, &kept.data) else {
            tracing::warn!("the data of a browser session cannot be opened: it is ended");
            self.delete(id).await?;
            return Ok(None);
        };
        let decode = |error: &dyn fmt::Display| Error::Decode(error.to_string());
        let mut data: Map<String, Value> =
            serde_json::from_slice(&plain).map_err(|error| decode(&error))?;
        let expires_at = from_timestamp("expires_at", kept.expires_at.unwrap_or_default())
            .map_err(|error| decode(&error))?;
        let told = Told {
            expires_at,
            used: kept.used_at.is_some(),
        };
        let told = serde_json::to_value(told).map_err(|error| decode(&error))?;
        data.insert(TOLD.to_owned(), told);
        Ok(Some(Record {
            id: *id,
            data: data.into_iter().collect(),
            // Control says when it ends; nothing here reads it.
            expiry_date: OffsetDateTime::UNIX_EPOCH,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let request = v1::EndBrowserSessionRequest {
            id_hash: id_hash(*id),
            user_id: None,
        };
        let mut sessions = self.control.browser_sessions();
        let ended = sessions.end_browser_session(request).await;
        ended.map(drop).map_err(|status| backend(&status))
    }
}

fn user(record: &Record) -> Option<String> {
    let signed_in = record.data.get(SIGNED_IN)?;
    let signed_in: SignedIn = serde_json::from_value(signed_in.clone()).ok()?;
    Some(signed_in.user.to_string())
}

fn sealed(record: &Record) -> Result<Vec<u8>> {
    let kept: Map<_, _> = record
        .data
        .iter()
        .filter(|(name, _)| *name != TOLD)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let plain = serde_json::to_vec(&kept).map_err(|error| Error::Encode(error.to_string()))?;
    seal::seal(record.id, &plain).map_err(|error| Error::Encode(error.to_string()))
}

fn backend(status: &Status) -> Error {
    Error::Backend(format!("{:?}: {}", status.code(), status.message()))
}
