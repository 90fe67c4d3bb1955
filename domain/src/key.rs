//! API keys as text: `ost_live_` or `ost_test_`, a public id, a secret, a checksum.
//!
//! ```text
//! ost_live_ 0a1B2c3D4e5F <43 characters of secret> 0Abc1Z
//! └ mode    └ public id  └ 32 random bytes, base62 └ CRC32 of all before, base62
//! ```
//! The whole matches `ost_(live|test)_[0-9A-Za-z]{61}`. The public id names the key in logs and
//! pages; the checksum lets a scanner or an edge drop a look-alike without asking anybody.

use crate::{network::Network, plan::Limits, policy::Rules, window::Window};
use serde::{Deserialize, Serialize};
use std::fmt;

pub const PATTERN: &str = "ost_(live|test)_[0-9A-Za-z]{61}";

/// What an access token begins with, which a key is exchanged for.
pub const ACCESS_TOKEN_PREFIX: &str = "ost_at_";

const PREFIX_LEN: usize = 9;
const PUBLIC_ID_LEN: usize = 12;
const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 6;
const KEY_LEN: usize = PREFIX_LEN + PUBLIC_ID_LEN + SECRET_LEN + CHECKSUM_LEN;

/// Random bytes that make a public id and a secret.
pub const PUBLIC_ID_BYTES: usize = 9;
pub const SECRET_BYTES: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
    /// Reaches the demo upstream and nothing else, whatever its policies say.
    Test,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Live => "ost_live_",
            Self::Test => "ost_test_",
        }
    }
}

/// What a key is held to besides its policies and its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restrictions {
    /// What of its policies is left; a key without policies has these within what its owner may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// Of this key alone.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
    /// Where calls may come from; empty is anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// When calls may be made; unset is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// The part of a key that may be shown, stored in clear and logged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublicId(Box<str>);

impl PublicId {
    /// Takes an id from storage or from an operator, who may paste it with its prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let id = [Mode::Live, Mode::Test]
            .iter()
            .find_map(|mode| text.strip_prefix(mode.prefix()))
            .unwrap_or(text);
        (id.len() == PUBLIC_ID_LEN && id.bytes().all(|b| b.is_ascii_alphanumeric()))
            .then(|| Self(id.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value that must not be printed. It has no `Display`, and `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Whoever calls this answers for where the value goes next.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("it does not start with ost_live_ or ost_test_")]
    Prefix,
    #[error("it is not {KEY_LEN} characters long")]
    Length,
    #[error("it has characters other than letters and digits after its prefix")]
    Alphabet,
    #[error("its checksum does not match: a character is wrong or missing")]
    Checksum,
}

/// A well-formed key, borrowed from the request that carried it. Nothing says yet that it exists.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub mode: Mode,
    public_id: &'a str,
    secret: &'a str,
}

impl<'a> Presented<'a> {
    pub fn parse(text: &'a str) -> Result<Self, KeyError> {
        let mode = [Mode::Live, Mode::Test]
            .into_iter()
            .find(|mode| text.starts_with(mode.prefix()))
            .ok_or(KeyError::Prefix)?;
        if text.len() != KEY_LEN {
            return Err(KeyError::Length);
        }
        if !text.as_bytes()[PREFIX_LEN..]
            .iter()
            .all(u8::is_ascii_alphanumeric)
        {
            return Err(KeyError::Alphabet);
        }
        let (body, checksum) = text.split_at(KEY_LEN - CHECKSUM_LEN);
        if checksum != checksum_of(body) {
            return Err(KeyError::Checksum);
        }
        let (public_id, secret) = body[PREFIX_LEN..].split_at(PUBLIC_ID_LEN);
        Ok(Self {
            mode,
            public_id,
            secret,
        })
    }

    pub fn public_id(&self) -> PublicId {
        PublicId(self.public_id.into())
    }

    /// What is hashed and compared: the random part alone.
    pub fn secret(&self) -> &'a str {
        self.secret
    }
}

/// A new public id from random bytes.
pub fn public_id(random: [u8; PUBLIC_ID_BYTES]) -> PublicId {
    PublicId(base62(&random, PUBLIC_ID_LEN).into())
}

/// A key's text, to be shown once.
pub fn mint(mode: Mode, id: &PublicId, random: [u8; SECRET_BYTES]) -> Secret {
    let mut text = format!("{}{id}{}", mode.prefix(), base62(&random, SECRET_LEN));
    text.push_str(&checksum_of(&text));
    Secret(text)
}

/// How a key is named to people: its prefix and public id, and the last four characters of a secret.
pub fn display(mode: Mode, id: &PublicId, last_four: &str) -> String {
    format!("{}{id}…{last_four}", mode.prefix())
}

fn checksum_of(body: &str) -> String {
    base62(
        &crc32fast::hash(body.as_bytes()).to_be_bytes(),
        CHECKSUM_LEN,
    )
}

/// Big-endian bytes as exactly `width` base62 digits, the low ones: 43 hold every secret, 12 hold all
/// but a fraction of a bit of a public id.
fn base62(bytes: &[u8], width: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut number = bytes.to_vec();
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0u16;
        for byte in &mut number {
            let value = (remainder << 8) | u16::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = DIGITS[usize::from(remainder)];
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_minted_key_reads_back(id in any::<[u8; PUBLIC_ID_BYTES]>(), secret in any::<[u8; 32]>(), live in any::<bool>()) {
            let mode = if live { Mode::Live } else { Mode::Test };
            let id = public_id(id);
            let key = mint(mode, &id, secret);
            let read = Presented::parse(key.expose()).unwrap();
            prop_assert_eq!(read.mode, mode);
            prop_assert_eq!(read.public_id(), id);
            prop_assert_eq!(read.secret().len(), SECRET_LEN);
        }

        #[test]
        fn one_wrong_character_is_noticed(secret in any::<[u8; 32]>(), at in 9usize..70, to in "[0-9A-Za-z]") {
            let key = mint(Mode::Live, &public_id([7; PUBLIC_ID_BYTES]), secret);
            let mut text = key.expose().to_owned();
            prop_assume!(text[at..=at] != to);
            text.replace_range(at..=at, &to);
            prop_assert_eq!(Presented::parse(&text).err(), Some(KeyError::Checksum));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,90}") {
            let _ = Presented::parse(&text);
            let _ = Presented::parse(&format!("ost_live_{text}"));
        }
    }

    #[test]
    fn different_bytes_make_different_secrets() {
        let id = public_id([1; PUBLIC_ID_BYTES]);
        let mut last = [0u8; 32];
        let low = mint(Mode::Live, &id, last);
        last[31] = 1;
        assert_ne!(low.expose(), mint(Mode::Live, &id, last).expose());
        assert_eq!(low.expose().len(), KEY_LEN);
    }

    #[test]
    fn each_defect_has_its_own_reason() {
        assert_eq!(Presented::parse("sk-abc").err(), Some(KeyError::Prefix));
        assert_eq!(
            Presented::parse("ost_live_abc").err(),
            Some(KeyError::Length)
        );
        let odd = format!("ost_live_{}", "-".repeat(61));
        assert_eq!(Presented::parse(&odd).err(), Some(KeyError::Alphabet));
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }
}
