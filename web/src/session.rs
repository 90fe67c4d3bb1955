//! Browser sessions: who is signed in, in a browser that has the cookie.
//!
//! The cookie holds a random id. Control keeps the session under the SHA-256 of it ([`store`]), with data
//! that only the id opens ([`seal`]).

pub(crate) mod cookie;
mod seal;
pub(crate) mod store;

pub(crate) use tower_sessions::Session;

use crate::oidc::Through;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ostia_domain::clock::Timestamp;
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};
use tower_sessions::session::{Error, Id};
use uuid::Uuid;

const SIGNED_IN: &str = "signed_in";
/// Told by control with every session that is loaded, and never kept in it.
const EXPIRES_AT: &str = "expires_at";

/// Whose session it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user: Uuid,
    /// Unset: through a login link.
    pub(crate) through: Option<Through>,
}

/// Signs a user in. The session gets another id, so that whoever knew the one before has nothing, and
/// keeps nothing of what it was.
pub(crate) async fn sign_in(session: &Session, signed_in: &SignedIn) -> Result<(), Error> {
    session.cycle_id().await?;
    session.clear().await;
    update(session, signed_in).await
}

pub(crate) async fn update(session: &Session, signed_in: &SignedIn) -> Result<(), Error> {
    session.insert(SIGNED_IN, signed_in).await
}

/// Unset: nobody is signed in.
pub(crate) async fn signed_in(session: &Session) -> Result<Option<SignedIn>, Error> {
    session.get(SIGNED_IN).await
}

/// When it ends unless it is used. Unset for one that is new.
pub(crate) async fn expires_at(session: &Session) -> Result<Option<Timestamp>, Error> {
    session.get(EXPIRES_AT).await
}

/// What control calls a session.
pub(crate) fn id_hash(id: Id) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA256, id.to_string().as_bytes());
    hash.as_ref().to_vec()
}

/// What every form of a session carries: a page of another site cannot know it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CsrfToken(String);

impl CsrfToken {
    pub(crate) fn of(id: Id) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &id.0.to_le_bytes());
        Self(URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"ostia form token")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Digests are compared: how long that takes says nothing about the token.
    pub(crate) fn is(&self, presented: &str) -> bool {
        let digest = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
        digest(&self.0).as_ref() == digest(presented).as_ref()
    }
}
