//! What arguments of a call must be.

mod pattern;
mod pointer;

pub use pattern::Pattern;
pub use pointer::Pointer;

use crate::glob::Glob;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// What a tool is called with, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub enum Arguments<'a> {
    /// A list asks what might be called: rules over arguments keep nothing out of it.
    Unknown,
    /// As JSON; unset where a call has none.
    Known(Option<&'a RawValue>),
}

/// One argument of some tools. Everything that is set must hold, and at least one thing is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentRule {
    /// Over `<upstream>.<tool>`.
    pub tools: Vec<Glob>,
    /// Which; `*` in it stands for each element or member.
    pub argument: Pointer,
    /// Whether a call without it is fine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// A string that one of these matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub glob: Vec<Glob>,
    /// A string that this matches from its start to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<Pattern>,
    /// A number that is at least, and at most, this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Bounds are read from text, where no NaN can be written.
impl Eq for ArgumentRule {}

impl ArgumentRule {
    pub(super) fn is_about(&self, canonical: &str) -> bool {
        self.tools.iter().any(|glob| glob.matches(canonical))
    }

    pub(super) fn holds(&self, arguments: Arguments<'_>) -> bool {
        let Arguments::Known(arguments) = arguments else {
            return true;
        };
        // What two parsers could read differently is not what was judged.
        let Some(values) = self.argument.values(arguments) else {
            return false;
        };
        (self.optional || !values.is_empty()) && values.iter().all(|value| self.fits(value))
    }

    fn fits(&self, value: &RawValue) -> bool {
        if self.glob.is_empty() && self.regex.is_none() {
            return self.is_number_within(value);
        }
        let Ok(text) = serde_json::from_str::<String>(value.get()) else {
            return false;
        };
        let by_glob = self.glob.is_empty() || self.glob.iter().any(|glob| glob.matches(&text));
        let by_regex = self.regex.as_ref().is_none_or(|regex| regex.matches(&text));
        by_glob && by_regex && self.min.is_none() && self.max.is_none()
    }

    fn is_number_within(&self, value: &RawValue) -> bool {
        let Ok(number) = serde_json::from_str::<f64>(value.get()) else {
            return false;
        };
        self.min.is_none_or(|min| number >= min)
            && self.max.is_none_or(|max| number <= max)
            && (self.min.is_some() || self.max.is_some())
    }

    /// Why no value could ever pass, or unset.
    pub fn problem(&self) -> Option<&'static str> {
        let about_text = !self.glob.is_empty() || self.regex.is_some();
        let about_number = self.min.is_some() || self.max.is_some();
        match (about_text, about_number) {
            (false, false) => Some("must have a glob, a regex, or a bound"),
            (true, true) => Some("is about a text or about a number, not both"),
            _ if self.tools.is_empty() => Some("names no tool"),
            _ if self.min.zip(self.max).is_some_and(|(min, max)| min > max) => {
                Some("has a minimum above its maximum")
            }
            _ => None,
        }
    }
}

/// As an agent is told what would be allowed.
impl fmt::Display for ArgumentRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must", self.argument)?;
        if !self.glob.is_empty() {
            let globs: Vec<_> = self.glob.iter().map(Glob::as_str).collect();
            write!(f, " match {}", globs.join(" or "))?;
        }
        if let Some(regex) = &self.regex {
            let and = if self.glob.is_empty() { "" } else { " and" };
            write!(f, "{and} match the expression {}", regex.as_str())?;
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, " be a number from {min} to {max}"),
            (Some(min), None) => write!(f, " be a number from {min} on"),
            (None, Some(max)) => write!(f, " be a number up to {max}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(rule: serde_json::Value, arguments: &str) -> bool {
        let mut rule = rule;
        rule["tools"] = json!(["*"]);
        let rule: ArgumentRule = serde_json::from_value(rule).unwrap();
        let arguments: &RawValue = serde_json::from_str(arguments).unwrap();
        rule.holds(Arguments::Known(Some(arguments)))
    }

    #[test]
    fn texts_match_whole_and_decoded() {
        let glob = || json!({"argument": "/path", "glob": ["/srv/*", "/tmp/?"]});
        assert!(holds(glob(), r#"{"path":"/srv/a","x":1}"#));
        assert!(holds(glob(), r#"{"path":"\/tmp\u002fa"}"#));
        for other in [
            r#"{"path":"/etc"}"#,
            r#"{"path":7}"#,
            r#"{"path":["/srv/a"]}"#,
            r#"{"path":null}"#,
            "{}",
            "[]",
        ] {
            assert!(!holds(glob(), other), "{other}");
        }
        let regex = || json!({"argument": "/q", "regex": "[a-z]+"});
        assert!(holds(regex(), r#"{"q":"abc"}"#));
        assert!(!holds(regex(), r#"{"q":"abc; drop"}"#));
        assert!(!holds(regex(), r#"{"q":"abc\n"}"#));
    }

    #[test]
    fn numbers_lie_within() {
        let range = || json!({"argument": "/n", "min": 1, "max": 10});
        assert!(holds(range(), r#"{"n":1}"#) && holds(range(), r#"{"n":1e1}"#));
        for other in [
            r#"{"n":0}"#,
            r#"{"n":10.5}"#,
            r#"{"n":"5"}"#,
            r#"{"n":true}"#,
        ] {
            assert!(!holds(range(), other), "{other}");
        }
    }

    #[test]
    fn a_missing_argument_is_only_fine_where_it_may_be_missing() {
        let rule = |optional| json!({"argument": "/a/b", "glob": ["x"], "optional": optional});
        assert!(holds(rule(true), "{}") && holds(rule(true), r#"{"a":{}}"#));
        assert!(!holds(rule(false), "{}"));
        assert!(!holds(rule(true), r#"{"a":{"b":"y"}}"#));
    }

    /// Some servers take the last of two members, some the first, and some do not mind the case.
    #[test]
    fn what_parsers_read_differently_is_refused() {
        let rule = || json!({"argument": "/path", "glob": ["ok"], "optional": true});
        for sly in [
            r#"{"path":"ok","path":"evil"}"#,
            r#"{"path":"ok","Path":"evil"}"#,
            r#"{"PATH":"evil"}"#,
            r#"{"path":"ok","p\u0061th":"evil"}"#,
        ] {
            assert!(!holds(rule(), sly), "{sly}");
        }
    }

    #[test]
    fn a_star_is_every_one() {
        let rule = || json!({"argument": "/files/*/path", "glob": ["ok*"]});
        assert!(holds(
            rule(),
            r#"{"files":[{"path":"ok1"},{"path":"ok2"}]}"#
        ));
        assert!(!holds(
            rule(),
            r#"{"files":[{"path":"ok1"},{"path":"no"}]}"#
        ));
        assert!(!holds(rule(), r#"{"files":[]}"#));
        assert!(holds(rule(), r#"{"files":{"a":{"path":"ok"}}}"#));
    }
}
