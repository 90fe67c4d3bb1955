//! What a policy says, and what one of them says of one tool.

use super::{
    Subject,
    arguments::{ArgumentRule, Arguments},
    constraints::{Constraint, Constraints},
};
use crate::{glob::Glob, tool::Tier};
use serde::{Deserialize, Serialize};

/// A tool is permitted when its upstream is visible, an `allow` pattern matches it, no `deny` pattern
/// does, its tier is not above `max_tier`, and what it is called with passes `arguments`. An empty list
/// of patterns allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Over upstream names.
    #[serde(default)]
    pub upstreams: Vec<Glob>,
    /// Over `<upstream>.<tool>`.
    #[serde(default)]
    pub allow: Vec<Glob>,
    /// Over `<upstream>.<tool>`; one match is final, in whatever policy of the caller it stands.
    #[serde(default)]
    pub deny: Vec<Glob>,
    /// The most that a tool may do, as its upstream annotates it.
    #[serde(default = "highest")]
    pub max_tier: Tier,
    /// What some arguments of some tools must be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<ArgumentRule>,
    /// Limits of what is allowed, whichever policy of the caller allows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
}

fn highest() -> Tier {
    Tier::Destructive
}

/// What rules say of one call, and which of them says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    Allowed(&'a Glob),
    Denied(&'a Glob),
    TierTooHigh,
    Argument(&'a ArgumentRule),
    NoMatch,
}

impl Rules {
    /// Everything of every upstream.
    pub fn everything() -> Self {
        let all = || vec![Glob::any()];
        Self {
            upstreams: all(),
            allow: all(),
            max_tier: Tier::Destructive,
            ..Self::default()
        }
    }

    pub(super) fn judge(&self, subject: Subject<'_>, arguments: Arguments<'_>) -> Verdict<'_> {
        let matching = |globs: &'_ [Glob], text: &str| globs.iter().position(|g| g.matches(text));
        if let Some(at) = matching(&self.deny, subject.canonical) {
            return Verdict::Denied(&self.deny[at]);
        }
        if matching(&self.upstreams, subject.upstream.as_str()).is_none() {
            return Verdict::NoMatch;
        }
        let Some(at) = matching(&self.allow, subject.canonical) else {
            return Verdict::NoMatch;
        };
        if subject.tier > self.max_tier {
            return Verdict::TierTooHigh;
        }
        let broken = self
            .arguments
            .iter()
            .filter(|rule| rule.is_about(subject.canonical))
            .find(|rule| !rule.holds(arguments));
        match broken {
            Some(rule) => Verdict::Argument(rule),
            None => Verdict::Allowed(&self.allow[at]),
        }
    }

    /// Everything that limits one tool, at its tightest.
    pub(super) fn tighten(&self, limits: &mut Constraints, subject: Subject<'_>) {
        for constraint in &self.constraints {
            if constraint.is_about(subject.canonical) {
                limits.tighten(constraint);
            }
        }
    }
}
