//! The pattern language of policies: `*` is any run of characters, `?` is one, the rest is itself.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A pattern over names. Matching is case-sensitive and takes time linear in the text for the
/// patterns people write (`github.*`, `*.delete_*`), and never worse than pattern times text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob(Box<str>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GlobError {
    #[error("a pattern must not be empty")]
    Empty,
    #[error("a pattern has at most {MAX_PATTERN} characters")]
    TooLong,
    #[error("a pattern must not contain white space or control characters")]
    BadCharacter,
}

const MAX_PATTERN: usize = 256;

impl Glob {
    pub fn new(pattern: impl Into<String>) -> Result<Self, GlobError> {
        let pattern = pattern.into();
        if pattern.is_empty() {
            return Err(GlobError::Empty);
        }
        if pattern.len() > MAX_PATTERN {
            return Err(GlobError::TooLong);
        }
        if pattern.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(GlobError::BadCharacter);
        }
        Ok(Self(pattern.into_boxed_str()))
    }

    /// `*`.
    pub fn any() -> Self {
        Self("*".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        // Where to go back to when a literal fails: just after the last star, and the text position
        // that star is to swallow next.
        let mut retry: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    retry = Some((p + 1, t));
                    p += 1;
                }
                Some(b'?') => {
                    p += 1;
                    t += char_len(text[t]);
                }
                Some(byte) if *byte == text[t] => {
                    p += 1;
                    t += 1;
                }
                _ => match &mut retry {
                    Some((after_star, swallowed)) => {
                        // All of a character: `?` is to begin where one does.
                        *swallowed += char_len(text[*swallowed]);
                        p = *after_star;
                        t = *swallowed;
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

/// Bytes in the UTF-8 character that starts with `first`; `?` stands for a character, not a byte.
fn char_len(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;
    fn try_from(pattern: String) -> Result<Self, GlobError> {
        Self::new(pattern)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, by recursion: what the loop above must agree with.
    fn matches_by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some('*'), _) => {
                matches_by_definition(&pattern[1..], text)
                    || (!text.is_empty() && matches_by_definition(pattern, &text[1..]))
            }
            (Some('?'), Some(_)) => matches_by_definition(&pattern[1..], &text[1..]),
            (Some(p), Some(t)) if p == t => matches_by_definition(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_its_definition(
            pattern in "[ab.*?é€😀]{1,8}",
            text in "[ab.é€😀]{0,10}",
        ) {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(
                Glob::new(pattern).unwrap().matches(&text),
                matches_by_definition(&p, &t)
            );
        }
    }

    #[test]
    fn a_question_mark_is_a_whole_character() {
        let matches = |pattern: &str, text: &str| Glob::new(pattern).unwrap().matches(text);
        for wide in ["é", "€", "😀"] {
            assert!(!matches("*??x*", &format!("{wide}xy")), "{wide}");
            assert!(matches("*??x*", &format!("a{wide}xy")), "{wide}");
            assert!(matches("*?x", &format!("{wide}x")), "{wide}");
        }
    }

    #[test]
    fn refuses_what_nobody_means() {
        assert_eq!(Glob::new(""), Err(GlobError::Empty));
        assert_eq!(Glob::new("a b"), Err(GlobError::BadCharacter));
        assert_eq!(Glob::new("a".repeat(300)), Err(GlobError::TooLong));
    }
}
