//! Regular expressions of policies: matched in linear time, compiled within a bound.

use regex::RegexBuilder;
use serde::{Deserialize, Serialize};
use std::fmt;

const MAX_LENGTH: usize = 1_000;
/// Of the compiled program. Repetitions of repetitions reach it, honest patterns do not.
const MAX_COMPILED_BYTES: usize = 256 << 10;

/// An expression that a whole text must match.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    compiled: regex::Regex,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PatternError {
    #[error("an expression has at most {MAX_LENGTH} characters")]
    TooLong,
    #[error("an expression must not contain NUL characters: `\\x00` stands for one")]
    Nul,
    #[error("this is no regular expression, or one that is too large: {0}")]
    Invalid(String),
}

impl Pattern {
    pub fn new(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        if text.len() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        if text.contains('\0') {
            return Err(PatternError::Nul);
        }
        let invalid = |error: regex::Error| {
            let told = error.to_string();
            let last = told.lines().last().unwrap_or_default();
            PatternError::Invalid(last.trim_start_matches("error: ").to_owned())
        };
        // By itself first: a bracket that closes what it did not open would leave the group.
        built(&text).map_err(invalid)?;
        let compiled = built(&format!(r"\A(?:{text})\z")).map_err(invalid)?;
        Ok(Self { text, compiled })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn matches(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

fn built(text: &str) -> Result<regex::Regex, regex::Error> {
    RegexBuilder::new(text)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .build()
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_about_the_whole_text() {
        let pattern = Pattern::new("a|b").unwrap();
        assert!(pattern.matches("a") && pattern.matches("b"));
        assert!(!pattern.matches("ab") && !pattern.matches("xa"));
    }

    #[test]
    fn a_nul_is_written_as_an_escape() {
        assert_eq!(Pattern::new("a\0"), Err(PatternError::Nul));
        assert!(Pattern::new(r"a\x00").unwrap().matches("a\0"));
    }

    #[test]
    fn what_is_none_or_too_large_is_refused() {
        // A comment at its end would swallow what closes it.
        for text in [
            "(",
            "a)|(b",
            "(?x)a # all",
            "(a{1000}){1000}",
            &"a".repeat(1_001),
        ] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
