//! The data of a session, sealed under its id: AES-256-GCM with a key that HKDF makes of the id.
//!
//! What is kept may be a provider's refresh token. The id is in the visitor's cookie and nowhere else, so
//! neither the database nor control can open it.

use super::id_hash;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand::{SecureRandom as _, SystemRandom},
};
use tower_sessions::session::Id;

/// The system has no randomness, or there is more than can be sealed at once.
#[derive(Debug, thiserror::Error)]
#[error("the data of a browser session cannot be sealed")]
pub(crate) struct CannotSeal;

pub(crate) fn seal(id: Id, plain: &[u8]) -> Result<Vec<u8>, CannotSeal> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| CannotSeal)?;
    let mut sealed = plain.to_vec();
    let aad = Aad::from(id_hash(id));
    key(id)
        .ok_or(CannotSeal)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
        .map_err(|_| CannotSeal)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Unset: sealed under another id, or not by us.
pub(crate) fn open(id: Id, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut opened = sealed.to_vec();
    let aad = Aad::from(id_hash(id));
    let plain = key(id)?.open_in_place(nonce, aad, &mut opened).ok()?;
    Some(plain.to_vec())
}

fn key(id: Id) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, b"ostia").extract(&id.0.to_le_bytes());
    let okm = secret.expand(&[b"browser session data"], &AES_256_GCM);
    Some(LessSafeKey::new(UnboundKey::from(okm.ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_id_opens_it() {
        let sealed = seal(Id(7), b"refresh").unwrap();
        assert_eq!(open(Id(7), &sealed).as_deref(), Some(&b"refresh"[..]));
        assert!(open(Id(8), &sealed).is_none());
        assert!(!sealed.windows(7).any(|window| window == b"refresh"));
        assert_ne!(seal(Id(7), b"refresh").unwrap(), sealed);
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(open(Id(7), &changed).is_none());
        assert!(open(Id(7), b"short").is_none());
    }
}
