//! What a policy says, and what one of them says of one tool.

use super::{
    Subject,
    arguments::{ArgumentRule, Arguments},
    constraints::{Constraint, Constraints},
};
use crate::{glob::Glob, tool::Tier};
use serde::{Deserialize, Serialize};

/// What one list of a policy may have. An edge looks at all of it for each call.
pub const MAX_ITEMS: usize = 1_000;

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

    /// Which field nobody can go by, and why; unset where there is none. Whoever takes rules from somewhere else
    /// asks this, so that none of them refuses what another one lets through.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let arguments = || self.arguments.iter();
        let constraints = || self.constraints.iter();
        let too_long = [
            ("rules.upstreams", self.upstreams.len()),
            ("rules.allow", self.allow.len()),
            ("rules.deny", self.deny.len()),
            ("rules.arguments", self.arguments.len()),
            ("rules.constraints", self.constraints.len()),
        ]
        .into_iter()
        .chain(arguments().map(|rule| ("rules.arguments.tools", rule.tools.len())))
        .chain(arguments().map(|rule| ("rules.arguments.glob", rule.glob.len())))
        .chain(constraints().map(|limit| ("rules.constraints.tools", limit.tools.len())))
        .find(|(_, length)| *length > MAX_ITEMS)
        .map(|(field, _)| (field, format!("are more than {MAX_ITEMS}")));
        let said = |field| move |problem: &str| (field, problem.to_owned());
        too_long
            .or_else(|| {
                arguments()
                    .find_map(ArgumentRule::problem)
                    .map(said("rules.arguments"))
            })
            .or_else(|| {
                let limit = constraints().find_map(Constraint::problem);
                limit.map(said("rules.constraints"))
            })
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
