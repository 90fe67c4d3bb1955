//! What only one visitor or caller opens again: AES-256-GCM with a key that HKDF makes of something that nobody
//! else has, so that neither the database nor control can open what they keep.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand::{SecureRandom as _, SystemRandom},
};

/// The system has no randomness, or there is more than can be sealed at once.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be sealed")]
pub(crate) struct CannotSeal;

pub(crate) struct Sealer {
    key: LessSafeKey,
    place: Vec<u8>,
}

impl Sealer {
    /// `secret` has at least 128 random bits. What is sealed for one purpose or place opens for no other.
    pub(crate) fn new(secret: &[u8], purpose: &[u8], place: Vec<u8>) -> Result<Self, CannotSeal> {
        let secret = Salt::new(HKDF_SHA256, b"ostia").extract(secret);
        let purpose = [purpose];
        let okm = secret.expand(&purpose, &AES_256_GCM);
        let key = LessSafeKey::new(UnboundKey::from(okm.map_err(|_| CannotSeal)?));
        Ok(Self { key, place })
    }

    pub(crate) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| CannotSeal)?;
        let mut sealed = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let place = Aad::from(&self.place);
        self.key
            .seal_in_place_append_tag(unique, place, &mut sealed)
            .map_err(|_| CannotSeal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Unset: sealed under something else, or not by us.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = sealed.to_vec();
        let place = Aad::from(&self.place);
        let plain = self.key.open_in_place(nonce, place, &mut opened).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_under_the_same_secret_for_the_same_purpose_and_place() {
        let under = |secret: &str, purpose: &str, place: &str| {
            Sealer::new(secret.as_bytes(), purpose.as_bytes(), place.into()).unwrap()
        };
        let here = under("secret", "data", "row 7");
        let sealed = here.seal(b"refresh").unwrap();
        assert_eq!(here.open(&sealed).as_deref(), Some(&b"refresh"[..]));
        for other in [
            under("other", "data", "row 7"),
            under("secret", "answers", "row 7"),
            under("secret", "data", "row 8"),
        ] {
            assert!(other.open(&sealed).is_none());
        }
        assert!(!sealed.windows(7).any(|window| window == b"refresh"));
        assert_ne!(here.seal(b"refresh").unwrap(), sealed);
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(here.open(&changed).is_none());
        assert!(here.open(b"short").is_none());
    }
}
