//! What is secret at rest, upstream credentials and kept arguments: AES-256-GCM, bound to where it belongs.
//!
//! ```text
//! key id (4 bytes) | nonce (12 bytes) | ciphertext and tag
//! ```
//! The associated data is the upstream and the slot, or the event, so that a value copied to another row opens
//! there no more. The key id says which master key a value needs: while keys are changed there are several.

mod arguments;

use crate::error::{Error, Kind, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_domain::{credential::Credential, key::Secret, upstream::Transport};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    error::Unspecified,
    hkdf::Prk,
    rand::{SecureRandom as _, SystemRandom},
};
use std::{borrow::Cow, fmt};
use uuid::Uuid;

const KEY_BYTES: usize = 32;
pub(crate) const KEY_ID_LEN: usize = 4;

pub(crate) struct Vault {
    sealing: MasterKey,
    /// Keys from before, which only open.
    opening: Vec<MasterKey>,
    random: SystemRandom,
}

struct MasterKey {
    id: KeyId,
    key: LessSafeKey,
    /// What the keys of arguments are made of.
    arguments: Prk,
}

/// The first bytes of a master key's SHA-256: names the key and tells nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId(pub(crate) [u8; KEY_ID_LEN]);

impl KeyId {
    /// Which key a sealed value needs.
    fn of(sealed: &[u8]) -> Option<Self> {
        sealed.first_chunk().copied().map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The value was changed, belongs somewhere else, or was sealed with a master key that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened")]
pub(crate) struct CannotOpen;

impl MasterKey {
    fn new(base64: &Secret) -> Result<Self> {
        let bad = || {
            Error(Kind::Configuration {
                what: "the master key",
                problem: format!("it is not base64 of {KEY_BYTES} bytes"),
            })
        };
        let bytes = STANDARD.decode(base64.expose().trim());
        let bytes = bytes.map_err(|_| bad())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| bad())?;
        let id = KeyId::of(digest(&SHA256, &bytes).as_ref()).ok_or_else(bad)?;
        Ok(Self {
            id,
            key: LessSafeKey::new(key),
            arguments: arguments::root(&bytes),
        })
    }
}

impl Vault {
    /// The first of the keys seals, every one opens.
    pub(crate) fn new(master_keys: &[Secret]) -> Result<Self> {
        let mut keys = master_keys
            .iter()
            .map(MasterKey::new)
            .collect::<Result<Vec<_>>>()?
            .into_iter();
        let sealing = keys.next().ok_or(Error(Kind::Configuration {
            what: "the master key",
            problem: "there is none".to_owned(),
        }))?;
        Ok(Self {
            sealing,
            opening: keys.collect(),
            random: SystemRandom::new(),
        })
    }

    /// The key that seals, and then those that only open.
    pub(crate) fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys().map(|key| key.id)
    }

    pub(crate) fn sealing_key_id(&self) -> KeyId {
        self.sealing.id
    }

    fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.sealing).chain(&self.opening)
    }

    pub(crate) fn seal(&self, upstream: Uuid, slot: &str, value: &Secret) -> Result<Vec<u8>> {
        // Random nonces are safe for 2^32 values under one key, which is more than there will be.
        self.seal_with(&self.sealing.key, place(upstream, slot), value.expose())
    }

    fn seal_with(&self, key: &LessSafeKey, place: Aad<Vec<u8>>, text: &str) -> Result<Vec<u8>> {
        let failed = |_| Error(Kind::Internal("a value could not be sealed"));
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(failed)?;
        let tag = AES_256_GCM.tag_len();
        let mut sealed = Vec::with_capacity(KEY_ID_LEN + NONCE_LEN + text.len() + tag);
        sealed.extend_from_slice(&self.sealing.id.0);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text.as_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let text = &mut sealed[KEY_ID_LEN + NONCE_LEN..];
        let tag = key.seal_in_place_separate_tag(nonce, place, text);
        sealed.extend_from_slice(tag.map_err(failed)?.as_ref());
        Ok(sealed)
    }

    pub(crate) fn open(
        &self,
        upstream: Uuid,
        slot: &str,
        sealed: &[u8],
    ) -> Result<Secret, CannotOpen> {
        self.open_with(sealed, |master, nonce, text| {
            let opened = master.key.open_in_place(nonce, place(upstream, slot), text);
            opened.map(|_| ())
        })
    }

    /// `open` takes away the tag, and leaves the rest.
    fn open_with(
        &self,
        sealed: &[u8],
        open: impl Fn(&MasterKey, Nonce, &mut Vec<u8>) -> Result<(), Unspecified>,
    ) -> Result<Secret, CannotOpen> {
        let id = KeyId::of(sealed).ok_or(CannotOpen)?;
        let (nonce, text) = sealed[KEY_ID_LEN..]
            .split_at_checked(NONCE_LEN)
            .ok_or(CannotOpen)?;
        // Two keys may have one id, though nobody will see it happen.
        let mut keys = self.keys().filter(|key| key.id == id);
        keys.find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = text.to_vec();
            open(key, nonce, &mut text).ok()?;
            text.truncate(text.len() - AES_256_GCM.tag_len());
            Some(Secret::new(std::str::from_utf8(&text).ok()?))
        })
        .ok_or(CannotOpen)
    }
}

/// The name under which the secret of an endpoint's [`Credential`] is kept. No variable and no header can
/// be called so.
pub(crate) const CREDENTIAL: &str = "=credential";

/// Where a credential of this name belongs. The name of a variable has no `=` in it, so a sealed variable
/// opens as no header, whoever makes an address of a command in the database. The secret of a
/// [`Credential`] opens only for the host and the token endpoint that it was given for.
pub(crate) fn slot<'a>(transport: &Transport, name: &'a str) -> Cow<'a, str> {
    let Some(endpoint) = transport.endpoint() else {
        return name.into();
    };
    match &endpoint.credential {
        Some(credential) if name == CREDENTIAL => {
            let (kind, host) = (credential.kind(), origin(&endpoint.url));
            let token_url = match credential {
                Credential::ClientCredentials(grant) => &grant.token_url,
                Credential::Bearer { .. } | Credential::Basic { .. } => "",
            };
            format!("credential={kind} {host} {token_url}").into()
        }
        _ => format!("header={name}").into(),
    }
}

/// Scheme, host and port of a URL; of what is none, all of it.
pub(crate) fn origin(url: &str) -> String {
    let parts = url.parse::<http::Uri>().ok().map(http::Uri::into_parts);
    match parts.map(|parts| (parts.scheme, parts.authority)) {
        Some((Some(scheme), Some(authority))) => {
            format!("{scheme}://{authority}").to_ascii_lowercase()
        }
        _ => url.to_owned(),
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
        vault_of(&[byte])
    }

    fn vault_of(keys: &[u8]) -> Vault {
        let keys = keys.iter().map(|byte| STANDARD.encode([*byte; KEY_BYTES]));
        Vault::new(&keys.map(Secret::new).collect::<Vec<_>>()).unwrap()
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
    fn every_key_opens_and_the_first_seals() {
        let (value, here) = (Secret::new("hunter2"), Uuid::nil());
        let (old, both, new) = (vault(1), vault_of(&[2, 1]), vault(2));
        let before = old.seal(here, "TOKEN", &value).unwrap();
        assert_eq!(both.open(here, "TOKEN", &before), Ok(value.clone()));
        let after = both.seal(here, "TOKEN", &value).unwrap();
        assert_eq!(new.open(here, "TOKEN", &after), Ok(value));
        assert_eq!(old.open(here, "TOKEN", &after), Err(CannotOpen));
        assert_eq!(KeyId::of(&before), Some(old.sealing_key_id()));
        assert_eq!(KeyId::of(&after), Some(new.sealing_key_id()));
        let ids = [new.sealing_key_id(), old.sealing_key_id()];
        assert!(both.key_ids().eq(ids));
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let (vault, value) = (vault(1), Secret::new("hunter2"));
        let one = vault.seal(Uuid::nil(), "TOKEN", &value).unwrap();
        assert_ne!(one, vault.seal(Uuid::nil(), "TOKEN", &value).unwrap());
    }

    #[test]
    fn a_short_master_key_is_refused() {
        for wrong in ["c2hvcnQ=", "not base64", ""] {
            assert!(Vault::new(&[Secret::new(wrong)]).is_err());
        }
        assert!(Vault::new(&[]).is_err());
    }
}
