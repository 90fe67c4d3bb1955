//! Browser sessions: who is signed in, in a browser that has the cookie.
//!
//! The cookie holds a random id. Control keeps the session under the SHA-256 of it ([`store`]), with data
//! that only the id opens ([`seal`]).

pub(crate) mod cookie;
mod csrf_token;
mod seal;
pub(crate) mod store;

pub(crate) use csrf_token::CsrfToken;
pub(crate) use tower_sessions::Session;

use crate::oidc::Through;
use ostia_domain::clock::Timestamp;
use ring::digest;
use serde::{Deserialize, Serialize};
use tower_sessions::session::{Error, Id};
use uuid::Uuid;

const SIGNED_IN: &str = "signed_in";
const TOLD: &str = "told";

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

/// What control tells with every session that is loaded, and what is never kept in it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// When it ends unless it is used.
    pub(crate) expires_at: Timestamp,
    /// Whether it was used since it began.
    pub(crate) used: bool,
}

/// Unset for a session that is new.
pub(crate) async fn told(session: &Session) -> Result<Option<Told>, Error> {
    session.get(TOLD).await
}

/// What control calls a session.
pub(crate) fn id_hash(id: Id) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA256, id.to_string().as_bytes());
    hash.as_ref().to_vec()
}
