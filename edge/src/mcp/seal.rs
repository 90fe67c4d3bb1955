//! Sealed tokens: what a client holds for Ostia, and can neither read nor change.
//!
//! ```text
//! base64url( key id: 4 | nonce: 12 | AES-256-GCM( content ) )
//! ```
//! The associated data is what the token is for and whose it is, so that it opens for nothing and nobody
//! else. No table knows tokens: they survive a restart, and any edge with the sealing key opens them.

use crate::error::StartError;
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ostia_domain::key::Secret;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};
use uuid::Uuid;

const KEY_ID_LEN: usize = 4;

/// What a token is for. One made for one purpose opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Session,
    RequestState,
    Task,
    /// What an edge knew last, on its disk.
    LastGood,
    /// That a request was forwarded to an edge, which is the owner.
    Hop,
    /// A stream of HTTP+SSE.
    Stream,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Session => 1,
            Self::RequestState => 2,
            Self::Task => 3,
            Self::LastGood => 4,
            Self::Hop => 5,
            Self::Stream => 6,
        }
    }
}

struct SealingKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
    /// Makes the nonces of tokens that must come out the same each time.
    nonces: hmac::Key,
}

pub struct Sealer {
    /// The first seals; all of them open.
    keys: Vec<SealingKey>,
    random: SystemRandom,
}

impl Sealer {
    pub fn new(keys: &[Secret]) -> Result<Self, StartError> {
        let keys: Vec<_> = keys.iter().map(sealing_key).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(StartError::SessionKey);
        }
        Ok(Self {
            keys,
            random: SystemRandom::new(),
        })
    }

    /// A key for another purpose, which is the same after a restart.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut derived = [0; 32];
        if let Some(first) = self.keys.first() {
            let tag = hmac::sign(&first.nonces, purpose.as_bytes());
            derived.copy_from_slice(tag.as_ref());
        }
        derived
    }

    /// Unset when there is no randomness.
    pub fn seal(&self, purpose: Purpose, owner: Uuid, content: &[u8]) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        self.seal_with(nonce, purpose, owner, content)
    }

    /// The same token for the same content each time, for names that a client compares. Its nonce is a
    /// MAC of all that is sealed, so that no nonce serves two contents.
    pub fn seal_name(&self, purpose: Purpose, owner: Uuid, content: &[u8]) -> Option<String> {
        let mut mac = hmac::Context::with_key(&self.keys.first()?.nonces);
        mac.update(&associated(purpose, owner));
        mac.update(content);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&mac.sign().as_ref()[..NONCE_LEN]);
        self.seal_with(nonce, purpose, owner, content)
    }

    fn seal_with(
        &self,
        nonce: [u8; NONCE_LEN],
        purpose: Purpose,
        owner: Uuid,
        content: &[u8],
    ) -> Option<String> {
        let sealing = self.keys.first()?;
        let mut sealed = Vec::with_capacity(KEY_ID_LEN + NONCE_LEN + content.len() + 16);
        sealed.extend_from_slice(&sealing.id);
        sealed.extend_from_slice(&nonce);
        let mut body = content.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(associated(purpose, owner));
        sealing
            .key
            .seal_in_place_append_tag(nonce, aad, &mut body)
            .ok()?;
        sealed.extend_from_slice(&body);
        Some(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed for this purpose and owner. Every reason against a token looks the same.
    pub fn open(&self, purpose: Purpose, owner: Uuid, token: &str) -> Option<Vec<u8>> {
        let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (key_id, rest) = sealed.split_at_mut_checked(KEY_ID_LEN)?;
        let (nonce, body) = rest.split_at_mut_checked(NONCE_LEN)?;
        let sealing = self.keys.iter().find(|key| key.id == *key_id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from(associated(purpose, owner));
        let content = sealing.key.open_in_place(nonce, aad, body).ok()?;
        Some(content.to_vec())
    }

    /// Random bytes from the same source.
    pub fn random<const N: usize>(&self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).ok()?;
        Some(bytes)
    }
}

fn associated(purpose: Purpose, owner: Uuid) -> [u8; 17] {
    let mut data = [purpose.byte(); 17];
    data[1..].copy_from_slice(owner.as_bytes());
    data
}

fn sealing_key(secret: &Secret) -> Result<SealingKey, StartError> {
    let bytes = BASE64_STANDARD
        .decode(secret.expose())
        .map_err(|_| StartError::SessionKey)?;
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| StartError::SessionKey)?;
    let mut id = [0; KEY_ID_LEN];
    id.copy_from_slice(&digest::digest(&digest::SHA256, &bytes).as_ref()[..KEY_ID_LEN]);
    let mut derivation = digest::Context::new(&digest::SHA256);
    derivation.update(b"ostia nonces of names");
    derivation.update(&bytes);
    Ok(SealingKey {
        id,
        key: LessSafeKey::new(key),
        nonces: hmac::Key::new(hmac::HMAC_SHA256, derivation.finish().as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&[Secret::new(BASE64_STANDARD.encode([byte; 32]))]).unwrap()
    }

    #[test]
    fn a_token_opens_for_its_purpose_and_owner_only() {
        let owner = Uuid::from_u128(1);
        let token = sealer(7)
            .seal(Purpose::RequestState, owner, b"state")
            .unwrap();
        let open = |sealer: Sealer, purpose, owner| sealer.open(purpose, owner, &token);
        let right = open(sealer(7), Purpose::RequestState, owner);
        assert_eq!(right.as_deref(), Some(&b"state"[..]));
        assert_eq!(open(sealer(7), Purpose::Session, owner), None);
        assert_eq!(
            open(sealer(7), Purpose::RequestState, Uuid::from_u128(2)),
            None
        );
        assert_eq!(open(sealer(8), Purpose::RequestState, owner), None);
    }

    #[test]
    fn a_name_is_the_same_each_time_and_another_for_anybody_else() {
        let name = |owner, content| {
            let owner = Uuid::from_u128(owner);
            sealer(7).seal_name(Purpose::Task, owner, content).unwrap()
        };
        assert_eq!(name(1, b"a"), name(1, b"a"));
        assert_ne!(name(1, b"a"), name(1, b"b"));
        assert_ne!(name(1, b"a"), name(2, b"a"));
        let opened = sealer(7).open(Purpose::Task, Uuid::from_u128(1), &name(1, b"a"));
        assert_eq!(opened.as_deref(), Some(&b"a"[..]));
        let other = sealer(7).open(Purpose::Task, Uuid::from_u128(2), &name(1, b"a"));
        assert_eq!(other, None);
    }

    #[test]
    fn what_is_too_short_to_be_a_token_is_none() {
        for text in ["", "AAAA", "====", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(sealer(7).open(Purpose::Session, Uuid::nil(), text), None);
        }
    }
}
