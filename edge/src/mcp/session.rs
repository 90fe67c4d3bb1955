//! Legacy session ids: sealed tokens that carry their own truth.
//!
//! ```text
//! format: 1 | random: 16 | made: 8 | revision: 1 | capabilities: 1 | the edge that opened it
//! ```
//! What cannot be sealed, because it changes, is kept by the edge that heard of it: that a session was
//! deleted, and how much of the log it wants. A worker of its own lives at the edge that opened the session,
//! and dies with it: that is what the edge in the id is for, and requests in the session are forwarded to it.

use super::{
    log_level::LogLevel,
    owner::Owner,
    seal::{Purpose, Sealer},
};
use crate::mcp::era::LEGACY_VERSIONS;
use moka::sync::Cache;
use ostia_domain::{capability::ClientCapabilities, clock::Timestamp};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// A session ends by itself after so long; clients then initialize again.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
const FORMAT: u8 = 3;
const FIXED_LEN: usize = 1 + 16 + 8 + 1 + 1;
/// Sessions that were deleted and have not run out yet, or have a log level of their own.
const MAX_KEPT: u64 = 100_000;

/// A session that was opened for its principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    /// The protocol revision that `initialize` settled on.
    pub revision: &'static str,
    /// What its client declared.
    pub capabilities: ClientCapabilities,
    /// Whether this edge opened it, since it started.
    pub of_this_edge: bool,
}

pub struct Sessions {
    own: Owner,
    sealer: Arc<Sealer>,
    deleted: Cache<Uuid, ()>,
    log_levels: Cache<Uuid, LogLevel>,
}

impl Sessions {
    pub fn new(own: Owner, sealer: Arc<Sealer>) -> Self {
        Self {
            own,
            sealer,
            deleted: kept(),
            log_levels: kept(),
        }
    }

    /// A new session id for this principal; unset when there is no randomness.
    pub fn seal(
        &self,
        owner: Uuid,
        revision: &str,
        capabilities: ClientCapabilities,
        now: Timestamp,
    ) -> Option<String> {
        let revision = LEGACY_VERSIONS
            .iter()
            .position(|known| *known == revision)?;
        let mut content = Vec::with_capacity(FIXED_LEN + 16);
        content.push(FORMAT);
        content.extend_from_slice(&self.sealer.random::<16>()?);
        content.extend_from_slice(&now.timestamp().to_be_bytes());
        content.push(u8::try_from(revision).ok()?);
        content.push(capabilities.bits());
        self.own.write(&mut content);
        self.sealer.seal(Purpose::Session, owner, &content)
    }

    /// The session behind an id, if it is this principal's and has not ended. Every reason against it
    /// looks the same.
    pub fn open(&self, text: &str, owner: Uuid, now: Timestamp) -> Option<Session> {
        let content = self.sealer.open(Purpose::Session, owner, text)?;
        let (fixed, edge) = content.split_first_chunk::<FIXED_LEN>()?;
        let (format, rest) = fixed.split_first()?;
        let (random, rest) = rest.split_first_chunk::<16>()?;
        let (made, rest) = rest.split_first_chunk::<8>()?;
        let [revision, capabilities] = *rest else {
            return None;
        };
        let age = now.timestamp().checked_sub(i64::from_be_bytes(*made))?;
        let session = Session {
            id: Uuid::from_bytes(*random),
            revision: LEGACY_VERSIONS.get(usize::from(revision))?,
            capabilities: ClientCapabilities::from_bits(capabilities),
            of_this_edge: Owner::read(edge)?.id == self.own.id,
        };
        let alive = *format == FORMAT
            && age < i64::try_from(LIFETIME.as_secs()).ok()?
            && !self.deleted.contains_key(&session.id);
        alive.then_some(session)
    }

    /// The edge that opened a session of this principal.
    pub fn owner(&self, text: &str, owner: Uuid) -> Option<Owner> {
        let content = self.sealer.open(Purpose::Session, owner, text)?;
        Owner::read(content.get(FIXED_LEN..)?)
    }

    /// Ends a session on this edge.
    pub fn delete(&self, session: Session) {
        self.deleted.insert(session.id, ());
    }

    /// The least severe messages that this session's client wants; what a client that never said gets.
    pub fn log_level(&self, session: &Session) -> LogLevel {
        self.log_levels.get(&session.id).unwrap_or(LogLevel::Info)
    }

    pub fn set_log_level(&self, session: &Session, level: LogLevel) {
        self.log_levels.insert(session.id, level);
    }
}

fn kept<V: Clone + Send + Sync + 'static>() -> Cache<Uuid, V> {
    Cache::builder()
        .max_capacity(MAX_KEPT)
        .time_to_live(LIFETIME)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use chrono::TimeDelta;
    use ostia_domain::{clock, key::Secret};
    use proptest::prelude::*;

    fn sessions(keys: &[u8]) -> Sessions {
        let keys: Vec<_> = keys
            .iter()
            .map(|k| Secret::new(BASE64_STANDARD.encode([*k; 32])))
            .collect();
        at(9, &keys)
    }

    fn at(edge: u128, keys: &[Secret]) -> Sessions {
        let own = Owner {
            id: Uuid::from_u128(edge),
            url: Some(format!("http://edge-{edge}:8080")),
        };
        Sessions::new(own, Arc::new(Sealer::new(keys).unwrap()))
    }

    const ROOTS: ClientCapabilities = ClientCapabilities::ROOTS;

    #[test]
    fn a_session_opens_for_its_owner_alone() {
        let sessions = sessions(&[1]);
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions.seal(owner, "2025-06-18", ROOTS, now).unwrap();
        let session = sessions.open(&id, owner, now).unwrap();
        assert_eq!(
            (session.revision, session.capabilities),
            ("2025-06-18", ROOTS)
        );
        assert_eq!(sessions.open(&id, Uuid::from_u128(2), now), None);
    }

    #[test]
    fn an_edge_tells_its_sessions_from_those_of_others() {
        let keys = [Secret::new(BASE64_STANDARD.encode([1; 32]))];
        let edges = [1, 2].map(|edge| at(edge, &keys));
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = edges[0].seal(owner, "2025-11-25", ROOTS, now).unwrap();
        let opened = edges
            .each_ref()
            .map(|edge| edge.open(&id, owner, now).unwrap().of_this_edge);
        assert_eq!(opened, [true, false]);
        let told = edges[1].owner(&id, owner).unwrap();
        assert_eq!(told.url.as_deref(), Some("http://edge-1:8080"));
        assert_eq!(edges[1].owner(&id, Uuid::from_u128(2)), None);
    }

    #[test]
    fn sealing_keys_rotate_with_overlap() {
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions(&[1])
            .seal(owner, "2025-06-18", ROOTS, now)
            .unwrap();
        assert!(sessions(&[2, 1]).open(&id, owner, now).is_some());
        assert!(sessions(&[2]).open(&id, owner, now).is_none());
    }

    #[test]
    fn a_session_ends_by_age_and_by_deletion() {
        let sessions = sessions(&[1]);
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions.seal(owner, "2025-11-25", ROOTS, now).unwrap();
        assert_eq!(sessions.open(&id, owner, now + TimeDelta::days(8)), None);
        sessions.delete(sessions.open(&id, owner, now).unwrap());
        assert_eq!(sessions.open(&id, owner, now), None);
    }

    proptest! {
        #[test]
        fn no_other_text_opens(text in "\\PC{0,100}", at in 0usize..100, to in "[A-Za-z0-9_-]") {
            let sessions = sessions(&[1]);
            let (owner, now) = (Uuid::from_u128(1), clock::now());
            prop_assert_eq!(sessions.open(&text, owner, now), None);
            let id = sessions.seal(owner, "2025-11-25", ROOTS, now).unwrap();
            let mut changed = id.clone();
            let at = at % changed.len();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != id);
            prop_assert_eq!(sessions.open(&changed, owner, now), None);
        }
    }
}
