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
