//! What every form of a session carries: a page of another site cannot know it.
//!
//! Pages are compressed, and how well says something about what is in them. So the token is in no page as it is:
//! each form has it under a mask of its own, and no two forms have anything in common.

use super::Id;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::SHA256_OUTPUT_LEN,
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};

type Bytes = [u8; SHA256_OUTPUT_LEN];

#[derive(Clone)]
pub(crate) struct CsrfToken(Bytes);

impl CsrfToken {
    pub(crate) fn of(id: Id) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &id.0.to_le_bytes());
        let tag = hmac::sign(&key, b"ostia form token");
        let mut token = Bytes::default();
        token.copy_from_slice(tag.as_ref());
        Self(token)
    }

    /// For one form: the mask, and the token under it. Empty where the system has no randomness: such a form
    /// is refused, and nothing is told.
    pub(crate) fn masked(&self) -> String {
        let mut mask = Bytes::default();
        match SystemRandom::new().fill(&mut mask) {
            Ok(()) => URL_SAFE_NO_PAD.encode([mask, xor(&mask, &self.0)].concat()),
            Err(_) => String::new(),
        }
    }

    /// How long that takes says nothing about the token: every byte is compared.
    pub(crate) fn is(&self, presented: &str) -> bool {
        let Ok(presented) = URL_SAFE_NO_PAD.decode(presented) else {
            return false;
        };
        let Some((mask, masked)) = presented.split_first_chunk::<SHA256_OUTPUT_LEN>() else {
            return false;
        };
        let Ok(masked) = Bytes::try_from(masked) else {
            return false;
        };
        let different = xor(&xor(mask, &masked), &self.0);
        different.iter().fold(0, |any, byte| any | byte) == 0
    }
}

fn xor(one: &Bytes, other: &Bytes) -> Bytes {
    let mut both = *one;
    for (byte, other) in both.iter_mut().zip(other) {
        *byte ^= other;
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_forms_have_anything_in_common_and_each_is_taken() {
        let token = CsrfToken::of(Id(7));
        let forms = [token.masked(), token.masked()];
        let bytes = forms
            .each_ref()
            .map(|form| URL_SAFE_NO_PAD.decode(form).unwrap());
        assert!(bytes.iter().all(|bytes| bytes.len() == 64));
        let same = bytes[0].iter().zip(&bytes[1]).filter(|(a, b)| a == b);
        assert!(same.count() < 8);
        assert!(!bytes[0].windows(32).any(|window| window == token.0));
        assert!(forms.iter().all(|form| token.is(form)));
        assert!(forms.iter().all(|form| CsrfToken::of(Id(7)).is(form)));
    }

    #[test]
    fn nothing_else_is_taken() {
        let token = CsrfToken::of(Id(7));
        let mut changed = URL_SAFE_NO_PAD.decode(token.masked()).unwrap();
        changed[63] ^= 1;
        let bare = URL_SAFE_NO_PAD.encode(token.0);
        let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
        for presented in [
            CsrfToken::of(Id(8)).masked(),
            URL_SAFE_NO_PAD.encode(changed),
            bare,
            zeros,
            format!("{}AAAA", token.masked()),
            "guessed".to_owned(),
            String::new(),
        ] {
            assert!(!token.is(&presented), "{presented}");
        }
    }
}
