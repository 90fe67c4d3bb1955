//! Names of upstreams and tools, and the names under which clients see them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an operator calls an upstream: 1 to 32 of `a-z 0-9 -`, starting with a letter or digit.
///
/// It holds no dot and no underscore, so that `<upstream>.<tool>` and `<upstream>__<tool>` both split
/// at the first separator and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UpstreamName(Box<str>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a name: use 1 to {MAX_NAME} of a-z, 0-9 and '-', starting with a letter or digit"
)]
pub struct NameError(pub String);

const MAX_NAME: usize = 32;

impl UpstreamName {
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let first = name.bytes().next();
        let well_formed = name.len() <= MAX_NAME
            && first.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed {
            Ok(Self(name.into_boxed_str()))
        } else {
            Err(NameError(name))
        }
    }

    /// The nearest valid name to one that another product allowed (`"My Server"` is `my-server`).
    pub fn from_foreign(name: &str) -> Result<Self, NameError> {
        let mut near: String = name
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| {
                if c.is_ascii_lowercase() || c.is_ascii_digit() {
                    c
                } else {
                    '-'
                }
            })
            .skip_while(|c| *c == '-')
            .take(MAX_NAME)
            .collect();
        near.truncate(near.trim_end_matches('-').len());
        Self::new(near).map_err(|_| NameError(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UpstreamName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<UpstreamName> for String {
    fn from(name: UpstreamName) -> Self {
        name.0.into()
    }
}

/// `<upstream>.<tool>`: what policies, audit, pages and the CLI call a tool, always.
pub fn canonical(upstream: &UpstreamName, tool: &str) -> String {
    format!("{upstream}.{tool}")
}

/// How an aggregated endpoint spells tool names to clients. Calls accept either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExposedNames {
    /// `<upstream>__<tool>` within `^[a-zA-Z0-9_-]{1,64}$`: widely used clients refuse a whole chat
    /// over one tool whose name has a dot.
    #[default]
    Safe,
    /// The canonical name.
    Dotted,
}

impl ExposedNames {
    pub fn expose(self, upstream: &UpstreamName, tool: &str) -> String {
        match self {
            Self::Safe => safe(upstream, tool),
            Self::Dotted => canonical(upstream, tool),
        }
    }
}

const MAX_EXPOSED: usize = 64;
const HASH_CHARS: usize = 7;

/// A name that fits is left alone. One that had to be changed or cut ends in `_` and a hash of the
/// canonical name, so that `a.b` and `a_b` stay two tools and the name is the same after a restart.
fn safe(upstream: &UpstreamName, tool: &str) -> String {
    let mut name = format!("{upstream}__");
    let prefix = name.len();
    name.extend(tool.chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            c
        } else {
            '_'
        }
    }));
    if &name[prefix..] == tool && name.len() <= MAX_EXPOSED {
        return name;
    }
    name.truncate(MAX_EXPOSED - 1 - HASH_CHARS);
    let hash = crc32fast::hash(canonical(upstream, tool).as_bytes());
    name.push('_');
    name.push_str(&base36(hash));
    name
}

fn base36(mut value: u32) -> String {
    let mut digits = [b'0'; HASH_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(value % 36) as usize];
        value /= 36;
    }
    digits.iter().map(|d| char::from(*d)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upstream(name: &str) -> UpstreamName {
        UpstreamName::new(name).unwrap()
    }

    #[test]
    fn a_name_that_fits_is_left_alone() {
        assert_eq!(safe(&upstream("demo"), "echo"), "demo__echo");
    }

    #[test]
    fn names_that_would_collide_stay_apart() {
        assert_ne!(safe(&upstream("a"), "b.c"), safe(&upstream("a"), "b_c"));
        let long = "x".repeat(100);
        assert_ne!(
            safe(&upstream("a"), &format!("{long}1")),
            safe(&upstream("a"), &format!("{long}2"))
        );
    }

    #[test]
    fn foreign_names_become_valid_ones() {
        assert_eq!(
            UpstreamName::from_foreign("My Server_2").unwrap().as_str(),
            "my-server-2"
        );
        assert!(UpstreamName::from_foreign("§§").is_err());
    }

    proptest! {
        #[test]
        fn every_safe_name_is_one_that_clients_accept(tool in "\\PC{1,200}") {
            let name = safe(&upstream("some-upstream"), &tool);
            prop_assert!((1..=64).contains(&name.len()));
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        }
    }
}
