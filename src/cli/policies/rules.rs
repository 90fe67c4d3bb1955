//! Rules on the command line.

use crate::failure::Failure;
use ostia_domain::policy::{ArgumentRule, Constraint};
use ostia_proto::v1;

/// In patterns `*` is any run of characters and `?` is one.
#[derive(clap::Args, Default)]
#[group(id = "RuleArgs", multiple = true)]
pub(crate) struct RuleArgs {
    /// Upstreams that can be seen, by name; repeatable [default: those that --allow can match]
    #[arg(long = "upstream", value_delimiter = ',', value_name = "PATTERN")]
    upstreams: Vec<String>,
    /// Tools that may be called, as `github.get_*`; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    allow: Vec<String>,
    /// Tools that may not, whatever allows them; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    deny: Vec<String>,
    /// The most that a tool may do, as it is annotated [default: destructive]
    #[arg(long, value_name = "TIER")]
    max_tier: Option<Tier>,
    /// What an argument must be, as JSON; repeatable
    #[arg(
        help = concat!(
            "What an argument must be, as JSON; repeatable. Such as ",
            r#"{"tools":["files.*"],"argument":"/path","glob":["/srv/*"]}"#
        ),
        long = "argument", value_parser = rule, value_name = "JSON")]
    arguments: Vec<ArgumentRule>,
    /// A limit of what is allowed, as JSON; repeatable
    #[arg(
        help = concat!(
            "A limit of what is allowed, as JSON; repeatable. Such as ",
            r#"{"tools":["*"],"calls_per_minute":60,"timeout_ms":5000}"#
        ),
        long = "constraint", value_parser = constraint, value_name = "JSON")]
    constraints: Vec<Constraint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum List {
    Upstreams,
    Allow,
    Deny,
    Arguments,
    Constraints,
}

impl RuleArgs {
    /// Whether any was named.
    pub(crate) fn any(&self) -> bool {
        let patterns = [&self.upstreams, &self.allow, &self.deny];
        patterns.iter().any(|patterns| !patterns.is_empty())
            || self.max_tier.is_some()
            || !self.arguments.is_empty()
            || !self.constraints.is_empty()
    }

    /// Rules of a new policy.
    pub(crate) fn into_new(self) -> Result<v1::Rules, Failure> {
        if self.allow.is_empty() {
            return Err(
                Failure::usage("a policy without --allow would allow nothing").hint(
                    "name tools with --allow 'UPSTREAM.*', or copy rules with --preset read-only",
                ),
            );
        }
        let upstreams = if self.upstreams.is_empty() {
            self.allow
                .iter()
                .map(|pattern| upstream_of(pattern))
                .collect()
        } else {
            self.upstreams
        };
        Ok(v1::Rules {
            upstreams,
            allow: self.allow,
            deny: self.deny,
            max_tier: self.max_tier.map_or(0, |tier| v1::Tier::from(tier).into()),
            arguments: all(self.arguments),
            constraints: all(self.constraints),
            ..v1::Rules::default()
        })
    }

    /// The rules there are, with the lists replaced that were given or cleared.
    pub(super) fn applied_to(self, rules: v1::Rules, clear: &[List]) -> v1::Rules {
        let replace = |given: Vec<String>, old: Vec<String>, list| {
            if clear.contains(&list) || !given.is_empty() {
                given
            } else {
                old
            }
        };
        v1::Rules {
            upstreams: replace(self.upstreams, rules.upstreams, List::Upstreams),
            allow: replace(self.allow, rules.allow, List::Allow),
            deny: replace(self.deny, rules.deny, List::Deny),
            max_tier: self
                .max_tier
                .map_or(rules.max_tier, |tier| v1::Tier::from(tier).into()),
            arguments: replace_all(
                self.arguments,
                rules.arguments,
                clear.contains(&List::Arguments),
            ),
            constraints: replace_all(
                self.constraints,
                rules.constraints,
                clear.contains(&List::Constraints),
            ),
            needs: rules.needs,
        }
    }
}

fn all<A, B: From<A>>(given: Vec<A>) -> Vec<B> {
    given.into_iter().map(Into::into).collect()
}

fn replace_all<A, B: From<A>>(given: Vec<A>, old: Vec<B>, clear: bool) -> Vec<B> {
    if clear || !given.is_empty() {
        return all(given);
    }
    old
}

/// As clap reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Tier {
    Read,
    Write,
    Destructive,
}

impl From<Tier> for v1::Tier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Read => Self::Read,
            Tier::Write => Self::Write,
            Tier::Destructive => Self::Destructive,
        }
    }
}

fn rule(text: &str) -> Result<ArgumentRule, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn constraint(text: &str) -> Result<Constraint, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The part of a tool pattern that is about the upstream; one without a dot may match any.
fn upstream_of(pattern: &str) -> String {
    match pattern.split_once('.') {
        Some((upstream, _)) => upstream.to_owned(),
        None => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_follow_from_the_tools() {
        let args = RuleArgs {
            allow: vec!["github.get_*".into(), "*".into()],
            ..RuleArgs::default()
        };
        assert_eq!(args.into_new().unwrap().upstreams, ["github", "*"]);
    }

    #[test]
    fn an_update_leaves_what_it_does_not_name() {
        let old = v1::Rules {
            upstreams: vec!["a".into()],
            allow: vec!["a.*".into()],
            deny: vec!["a.rm".into()],
            max_tier: v1::Tier::Read.into(),
            ..v1::Rules::default()
        };
        let args = RuleArgs {
            allow: vec!["a.x".into()],
            ..RuleArgs::default()
        };
        let new = args.applied_to(old, &[List::Deny]);
        assert_eq!(new.upstreams, ["a"]);
        assert_eq!(new.allow, ["a.x"]);
        assert!(new.deny.is_empty() && new.max_tier() == v1::Tier::Read);
    }
}
