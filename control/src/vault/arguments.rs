//! What is kept of the arguments of calls, sealed each with a key of its own.
//!
//! There can be one for every call, which is more than random nonces under one key are good for. So the key is made of
//! the master key and the event's id, with HKDF-SHA-256, and seals nothing else.

use super::{CannotOpen, MasterKey, Vault};
use crate::error::{Error, Kind, Result};
use ostia_domain::key::Secret;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Prk, Salt},
};
use uuid::Uuid;

const PURPOSE: &[u8] = b"ostia kept arguments 1";

pub(super) fn root(master_key: &[u8]) -> Prk {
    Salt::new(HKDF_SHA256, PURPOSE).extract(master_key)
}

impl MasterKey {
    fn of_event(&self, event: Uuid) -> Result<LessSafeKey, Unspecified> {
        let info = [event.as_bytes().as_slice()];
        let key = self.arguments.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl Vault {
    pub(crate) fn seal_arguments(&self, event: Uuid, json: &str) -> Result<Vec<u8>> {
        let key = self.sealing.of_event(event);
        let key = key.map_err(|_| Error(Kind::Internal("a key could not be derived")))?;
        self.seal_with(&key, place(event), json)
    }

    pub(crate) fn open_arguments(&self, event: Uuid, sealed: &[u8]) -> Result<Secret, CannotOpen> {
        self.open_with(sealed, |master, nonce, text| {
            let key = master.of_event(event)?;
            let opened = key.open_in_place(nonce, place(event), text);
            opened.map(|_| ())
        })
    }
}

fn place(event: Uuid) -> Aad<Vec<u8>> {
    Aad::from(event.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    fn vault(keys: &[u8]) -> Vault {
        let keys = keys.iter().map(|byte| STANDARD.encode([*byte; 32]));
        Vault::new(&keys.map(Secret::new).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn they_open_for_their_event_and_nothing_else() {
        let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = old.seal_arguments(here, "{}").unwrap();
        for vault in [&old, &both] {
            assert_eq!(vault.open_arguments(here, &sealed), Ok(Secret::new("{}")));
            assert_eq!(vault.open_arguments(there, &sealed), Err(CannotOpen));
        }
        assert_eq!(new.open_arguments(here, &sealed), Err(CannotOpen));
        let again = both.seal_arguments(here, "{}").unwrap();
        assert_eq!(new.open_arguments(here, &again), Ok(Secret::new("{}")));
        assert_ne!(again, both.seal_arguments(here, "{}").unwrap());
    }

    #[test]
    fn they_are_no_credentials_and_credentials_are_no_arguments() {
        let (vault, id) = (vault(&[1]), Uuid::from_u128(1));
        let arguments = vault.seal_arguments(id, "{}").unwrap();
        let credential = vault.seal(id, "", &Secret::new("{}")).unwrap();
        assert_eq!(vault.open(id, "", &arguments), Err(CannotOpen));
        assert_eq!(vault.open_arguments(id, &credential), Err(CannotOpen));
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let (vault, id) = (vault(&[1]), Uuid::from_u128(1));
        let sealed = vault.seal_arguments(id, "{}").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open_arguments(id, &changed), Err(CannotOpen));
            assert_eq!(vault.open_arguments(id, &sealed[..at]), Err(CannotOpen));
        }
    }
}
