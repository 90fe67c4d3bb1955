//! Upstream credentials at rest: AES-256-GCM, bound to where they belong.
//!
//! ```text
//! key id (4 bytes) | nonce (12 bytes) | ciphertext and tag
//! ```
//! The associated data is the upstream and the slot, so that a value copied to another row opens there
//! no more. The key id says which master key a value needs, once there is more than one.

use crate::error::{Error, Kind, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_domain::{key::Secret, upstream::Transport};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
};
use std::borrow::Cow;
use uuid::Uuid;

const KEY_BYTES: usize = 32;
const KEY_ID_LEN: usize = 4;

pub(crate) struct Vault {
    key: LessSafeKey,
    key_id: [u8; KEY_ID_LEN],
    random: SystemRandom,
}

/// The value was changed, belongs somewhere else, or was sealed with another master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened")]
pub(crate) struct CannotOpen;

impl Vault {
    pub(crate) fn new(master_key: &Secret) -> Result<Self> {
        let bad = || {
            Error(Kind::Configuration {
                what: "the master key",
                problem: format!("it is not base64 of {KEY_BYTES} bytes"),
            })
        };
        let bytes = STANDARD
            .decode(master_key.expose().trim())
            .map_err(|_| bad())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| bad())?;
        let mut key_id = [0; KEY_ID_LEN];
        key_id.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..KEY_ID_LEN]);
        Ok(Self {
            key: LessSafeKey::new(key),
            key_id,
            random: SystemRandom::new(),
        })
    }

    pub(crate) fn seal(&self, upstream: Uuid, slot: &str, value: &Secret) -> Result<Vec<u8>> {
        let failed = |_| Error(Kind::Internal("a credential could not be sealed"));
        // Random nonces are safe for 2^32 values under one key, which is more than there will be.
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(failed)?;
        let mut sealed = Vec::with_capacity(KEY_ID_LEN + NONCE_LEN + value.expose().len() + 16);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        let mut text = value.expose().as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                place(upstream, slot),
                &mut text,
            )
            .map_err(failed)?;
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    pub(crate) fn open(
        &self,
        upstream: Uuid,
        slot: &str,
        sealed: &[u8],
    ) -> Result<Secret, CannotOpen> {
        let (key_id, rest) = sealed.split_at_checked(KEY_ID_LEN).ok_or(CannotOpen)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        if key_id != self.key_id {
            return Err(CannotOpen);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut text = text.to_vec();
        let opened = self
            .key
            .open_in_place(nonce, place(upstream, slot), &mut text)
            .map_err(|_| CannotOpen)?;
        let value = std::str::from_utf8(opened).map_err(|_| CannotOpen)?;
        Ok(Secret::new(value))
    }
}

/// Where a credential of this name belongs. The name of a variable has no `=` in it, so a sealed variable
/// opens as no header, whoever makes an address of a command in the database.
pub(crate) fn slot<'a>(transport: &Transport, name: &'a str) -> Cow<'a, str> {
    match transport {
        Transport::Stdio(_) => name.into(),
        Transport::Http(_) | Transport::Sse(_) => format!("header={name}").into(),
    }
}

/// The upstream's id has a fixed length, so no two places have the same bytes.
fn place(upstream: Uuid, slot: &str) -> Aad<Vec<u8>> {
    Aad::from([upstream.as_bytes(), slot.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&Secret::new(STANDARD.encode([byte; KEY_BYTES]))).unwrap()
    }

    #[test]
    fn a_value_opens_only_where_it_belongs() {
        let (vault, here, there) = (vault(1), Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = vault.seal(here, "TOKEN", &Secret::new("hunter2")).unwrap();
        assert_eq!(
            vault.open(here, "TOKEN", &sealed),
            Ok(Secret::new("hunter2"))
        );
        assert_eq!(vault.open(there, "TOKEN", &sealed), Err(CannotOpen));
        assert_eq!(vault.open(here, "OTHER", &sealed), Err(CannotOpen));
    }

    #[test]
    fn a_value_that_was_changed_does_not_open() {
        let vault = vault(1);
        let sealed = vault
            .seal(Uuid::nil(), "TOKEN", &Secret::new("hunter2"))
            .unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open(Uuid::nil(), "TOKEN", &changed), Err(CannotOpen));
        }
        for length in 0..sealed.len() {
            assert_eq!(
                vault.open(Uuid::nil(), "TOKEN", &sealed[..length]),
                Err(CannotOpen)
            );
        }
    }

    #[test]
    fn another_master_key_opens_nothing() {
        let sealed = vault(1)
            .seal(Uuid::nil(), "TOKEN", &Secret::new("hunter2"))
            .unwrap();
        assert_eq!(
            vault(2).open(Uuid::nil(), "TOKEN", &sealed),
            Err(CannotOpen)
        );
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let (vault, value) = (vault(1), Secret::new("hunter2"));
        let one = vault.seal(Uuid::nil(), "TOKEN", &value).unwrap();
        assert_ne!(one, vault.seal(Uuid::nil(), "TOKEN", &value).unwrap());
    }

    #[test]
    fn a_short_master_key_is_refused() {
        assert!(Vault::new(&Secret::new("c2hvcnQ=")).is_err());
        assert!(Vault::new(&Secret::new("not base64")).is_err());
    }
}
