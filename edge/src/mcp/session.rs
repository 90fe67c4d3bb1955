//! Legacy session ids: sealed tokens that carry their own truth.
//!
//! ```text
//! base64url( key id: 4 | nonce: 12 | AES-256-GCM( version: 1 | random: 16 | made: 8 | revision: 1 ) )
//! ```
//! The associated data is the API key's id, so a session opens for its own principal and for nobody
//! else. No table knows them: they survive a restart, and any edge with the sealing key takes them.

use crate::{error::StartError, mcp::era::LEGACY_VERSIONS};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use moka::sync::Cache;
use ostia_domain::{clock::Timestamp, key::Secret};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest,
    rand::{SecureRandom, SystemRandom},
};
use std::time::Duration;
use uuid::Uuid;

/// A session ends by itself after so long; clients then initialize again.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const PLAIN_LEN: usize = 1 + 16 + 8 + 1;
const SEALED_LEN: usize = KEY_ID_LEN + NONCE_LEN + PLAIN_LEN + 16;
/// Sessions that were deleted and have not run out yet.
const MAX_DELETED: u64 = 100_000;

/// A session that was opened for its principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    /// The protocol revision that `initialize` settled on.
    pub revision: &'static str,
}

struct SealingKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

pub struct Sessions {
    /// The first seals; all of them open.
    keys: Vec<SealingKey>,
    random: SystemRandom,
    deleted: Cache<Uuid, ()>,
}

impl Sessions {
    pub fn new(keys: &[Secret]) -> Result<Self, StartError> {
        let keys: Vec<_> = keys.iter().map(sealing_key).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(StartError::SessionKey);
        }
        let deleted = Cache::builder()
            .max_capacity(MAX_DELETED)
            .time_to_live(LIFETIME)
            .build();
        Ok(Self {
            keys,
            random: SystemRandom::new(),
            deleted,
        })
    }

    /// A new session id for this principal; unset when there is no randomness.
    pub fn seal(&self, owner: Uuid, revision: &str, now: Timestamp) -> Option<String> {
        let sealing = self.keys.first()?;
        let revision = LEGACY_VERSIONS
            .iter()
            .position(|known| *known == revision)?;
        let mut nonce = [0; NONCE_LEN];
        let mut random = [0; 16];
        self.random.fill(&mut nonce).ok()?;
        self.random.fill(&mut random).ok()?;

        let mut sealed = Vec::with_capacity(SEALED_LEN);
        sealed.extend_from_slice(&sealing.id);
        sealed.extend_from_slice(&nonce);
        let mut plain = Vec::with_capacity(PLAIN_LEN + 16);
        plain.push(FORMAT);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&now.timestamp().to_be_bytes());
        plain.push(u8::try_from(revision).ok()?);
        sealing
            .key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut plain,
            )
            .ok()?;
        sealed.extend_from_slice(&plain);
        Some(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The session behind an id, if it is this principal's and has not ended. Every reason against it
    /// looks the same.
    pub fn open(&self, text: &str, owner: Uuid, now: Timestamp) -> Option<Session> {
        // The decoder wants room for the longest text of this length.
        let mut sealed = [0; SEALED_LEN + 2];
        let length = BASE64_URL_SAFE_NO_PAD
            .decode_slice(text, &mut sealed)
            .ok()?;
        if length != SEALED_LEN {
            return None;
        }
        let (key_id, rest) = sealed[..length].split_at_mut(KEY_ID_LEN);
        let (nonce, body) = rest.split_at_mut(NONCE_LEN);
        let sealing = self.keys.iter().find(|key| key.id == *key_id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = sealing
            .key
            .open_in_place(nonce, Aad::from(owner.as_bytes()), body)
            .ok()?;
        let (format, plain) = plain.split_first()?;
        let (random, plain) = plain.split_first_chunk::<16>()?;
        let (made, plain) = plain.split_first_chunk::<8>()?;
        let revision = LEGACY_VERSIONS.get(usize::from(*plain.first()?))?;
        let age = now.timestamp().checked_sub(i64::from_be_bytes(*made))?;
        let id = Uuid::from_bytes(*random);
        let alive = *format == FORMAT
            && age < i64::try_from(LIFETIME.as_secs()).ok()?
            && !self.deleted.contains_key(&id);
        alive.then_some(Session { id, revision })
    }

    /// Ends a session on this edge.
    pub fn delete(&self, session: Session) {
        self.deleted.insert(session.id, ());
    }
}

fn sealing_key(secret: &Secret) -> Result<SealingKey, StartError> {
    let bytes = BASE64_STANDARD
        .decode(secret.expose())
        .map_err(|_| StartError::SessionKey)?;
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| StartError::SessionKey)?;
    let mut id = [0; KEY_ID_LEN];
    id.copy_from_slice(&digest::digest(&digest::SHA256, &bytes).as_ref()[..KEY_ID_LEN]);
    Ok(SealingKey {
        id,
        key: LessSafeKey::new(key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use ostia_domain::clock;
    use proptest::prelude::*;

    fn sessions(keys: &[u8]) -> Sessions {
        let keys: Vec<_> = keys
            .iter()
            .map(|k| Secret::new(BASE64_STANDARD.encode([*k; 32])))
            .collect();
        Sessions::new(&keys).unwrap()
    }

    #[test]
    fn a_session_opens_for_its_owner_alone() {
        let sessions = sessions(&[1]);
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions.seal(owner, "2025-06-18", now).unwrap();
        assert_eq!(
            sessions.open(&id, owner, now).unwrap().revision,
            "2025-06-18"
        );
        assert_eq!(sessions.open(&id, Uuid::from_u128(2), now), None);
    }

    #[test]
    fn sealing_keys_rotate_with_overlap() {
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions(&[1]).seal(owner, "2025-06-18", now).unwrap();
        assert!(sessions(&[2, 1]).open(&id, owner, now).is_some());
        assert!(sessions(&[2]).open(&id, owner, now).is_none());
    }

    #[test]
    fn a_session_ends_by_age_and_by_deletion() {
        let sessions = sessions(&[1]);
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let id = sessions.seal(owner, "2025-11-25", now).unwrap();
        assert_eq!(sessions.open(&id, owner, now + TimeDelta::days(8)), None);
        sessions.delete(sessions.open(&id, owner, now).unwrap());
        assert_eq!(sessions.open(&id, owner, now), None);
    }

    proptest! {
        #[test]
        fn no_other_text_opens(text in "\\PC{0,100}", at in 0usize..70, to in "[A-Za-z0-9_-]") {
            let sessions = sessions(&[1]);
            let (owner, now) = (Uuid::from_u128(1), clock::now());
            prop_assert_eq!(sessions.open(&text, owner, now), None);
            let id = sessions.seal(owner, "2025-11-25", now).unwrap();
            let mut changed = id.clone();
            let at = at % changed.len();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != id);
            prop_assert_eq!(sessions.open(&changed, owner, now), None);
        }
    }
}
