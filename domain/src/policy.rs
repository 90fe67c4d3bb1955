//! Who may call what: an order-independent set of rules, default deny.

use crate::{glob::Glob, key::Mode, name::UpstreamName, tool::Tier};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A named set of rules. A tool is permitted when its upstream is visible, an `allow` pattern
/// matches it, no `deny` pattern does, and its tier is allowed. An empty list allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub id: Uuid,
    pub name: String,
    pub rules: Rules,
    /// The preset that the rules were copied from; they are this policy's own since.
    pub preset: Option<String>,
}

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
    /// Only tools that their upstream annotates as read-only.
    #[serde(default)]
    pub read_only: bool,
}

/// Ready-made rules, copied into a new policy.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub name: &'static str,
    pub summary: &'static str,
    rules: fn() -> Rules,
}

impl Preset {
    pub const ALL: &[Self] = &[
        Self {
            name: "read-only",
            summary: "every upstream, but only tools annotated as read-only",
            rules: || Rules {
                read_only: true,
                ..Rules::everything()
            },
        },
        Self {
            name: "everything",
            summary: "every tool of every upstream, also those added later",
            rules: Rules::everything,
        },
    ];

    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    pub fn rules(&self) -> Rules {
        (self.rules)()
    }
}

impl Rules {
    fn everything() -> Self {
        let all = || vec![Glob::any()];
        Self {
            upstreams: all(),
            allow: all(),
            deny: Vec::new(),
            read_only: false,
        }
    }
}

/// What bounds a principal: the key's policies within what its owner may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub owner: Scope,
    pub key: Scope,
}

/// One side of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Not limited on this side: an administrator.
    Unlimited,
    /// Permitted by at least one of these and denied by none; empty is nothing.
    Policies(Vec<Uuid>),
}

/// The facts about a tool that rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub upstream: &'a UpstreamName,
    /// Whether the upstream is the built-in demo.
    pub demo: bool,
    /// `<upstream>.<tool>`.
    pub canonical: &'a str,
    pub tier: Tier,
}

/// What evaluation says. The reason borrows from the policies, so that a decision allocates nothing
/// until somebody writes it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    Allow(Reason<'a>),
    Deny(Reason<'a>),
}

impl Decision<'_> {
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    AllowedBy {
        policy: &'a str,
        pattern: &'a Glob,
    },
    DeniedBy {
        policy: &'a str,
        pattern: &'a Glob,
    },
    /// The tool is not annotated read-only and nothing that allows it allows writing.
    NotReadOnly {
        policy: &'a str,
    },
    /// Nothing matched: the default.
    NoRule,
    /// A policy the principal is bound by is not in the snapshot: what cannot be read refuses.
    PolicyUnreadable,
    TestKey,
    /// Neither side names a policy; only an administrator without a key policy can be here.
    Unlimited,
}

impl std::fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AllowedBy { policy, pattern } => write!(f, "{policy}: allow {pattern}"),
            Self::DeniedBy { policy, pattern } => write!(f, "{policy}: deny {pattern}"),
            Self::NotReadOnly { policy } => write!(f, "{policy}: read-only"),
            Self::NoRule => f.write_str("default: deny"),
            Self::PolicyUnreadable => f.write_str("default: deny (a policy could not be read)"),
            Self::TestKey => f.write_str("test key: demo only"),
            Self::Unlimited => f.write_str("administrator"),
        }
    }
}

/// Where evaluation finds policies by id.
pub trait PolicySet {
    fn policy(&self, id: &Uuid) -> Option<&Policy>;
}

impl<S: std::hash::BuildHasher> PolicySet for std::collections::HashMap<Uuid, Policy, S> {
    fn policy(&self, id: &Uuid) -> Option<&Policy> {
        self.get(id)
    }
}

/// May a principal with this grant use this tool? Pure, total, and the same for lists and calls.
pub fn evaluate<'a>(
    policies: &'a impl PolicySet,
    mode: Mode,
    grant: &Grant,
    subject: Subject<'_>,
) -> Decision<'a> {
    if mode == Mode::Test && !subject.demo {
        return Decision::Deny(Reason::TestKey);
    }
    match evaluate_scope(policies, &grant.owner, subject) {
        Decision::Deny(reason) => Decision::Deny(reason),
        // The key's rule is the narrower one, so it is the one to name.
        Decision::Allow(_) => evaluate_scope(policies, &grant.key, subject),
    }
}

/// May a principal with this grant see that there is an upstream of this name? For what is told about
/// upstreams whose tools are not known; it allows nothing.
pub fn sees_upstream(
    policies: &impl PolicySet,
    mode: Mode,
    grant: &Grant,
    upstream: &UpstreamName,
    demo: bool,
) -> bool {
    let sees = |scope: &Scope| match scope {
        Scope::Unlimited => true,
        Scope::Policies(ids) => ids
            .iter()
            .filter_map(|id| policies.policy(id))
            .any(|policy| {
                let mut globs = policy.rules.upstreams.iter();
                globs.any(|glob| glob.matches(upstream.as_str()))
            }),
    };
    (mode == Mode::Live || demo) && sees(&grant.owner) && sees(&grant.key)
}

fn evaluate_scope<'a>(
    policies: &'a impl PolicySet,
    scope: &Scope,
    subject: Subject<'_>,
) -> Decision<'a> {
    let ids = match scope {
        Scope::Unlimited => return Decision::Allow(Reason::Unlimited),
        Scope::Policies(ids) => ids,
    };
    let mut found = Decision::Deny(Reason::NoRule);
    for id in ids {
        let Some(policy) = policies.policy(id) else {
            return Decision::Deny(Reason::PolicyUnreadable);
        };
        match apply(policy, subject) {
            denied @ Decision::Deny(Reason::DeniedBy { .. }) => return denied,
            allowed @ Decision::Allow(_) if !found.is_allow() => found = allowed,
            near_miss @ Decision::Deny(Reason::NotReadOnly { .. }) if !found.is_allow() => {
                found = near_miss;
            }
            _ => {}
        }
    }
    found
}

fn apply<'a>(policy: &'a Policy, subject: Subject<'_>) -> Decision<'a> {
    let rules = &policy.rules;
    let name = policy.name.as_str();
    if let Some(pattern) = rules
        .deny
        .iter()
        .find(|glob| glob.matches(subject.canonical))
    {
        return Decision::Deny(Reason::DeniedBy {
            policy: name,
            pattern,
        });
    }
    if !rules
        .upstreams
        .iter()
        .any(|glob| glob.matches(subject.upstream.as_str()))
    {
        return Decision::Deny(Reason::NoRule);
    }
    match rules
        .allow
        .iter()
        .find(|glob| glob.matches(subject.canonical))
    {
        None => Decision::Deny(Reason::NoRule),
        Some(_) if rules.read_only && subject.tier != Tier::Read => {
            Decision::Deny(Reason::NotReadOnly { policy: name })
        }
        Some(pattern) => Decision::Allow(Reason::AllowedBy {
            policy: name,
            pattern,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::HashMap;

    fn glob() -> impl Strategy<Value = Glob> {
        prop_oneof![
            "[ab*]{1,2}\\.[xy*]{1,2}",
            Just("*".to_owned()),
            "[ab*?]{1,3}"
        ]
        .prop_map(|text| Glob::new(text).unwrap())
    }

    fn rules() -> impl Strategy<Value = Rules> {
        (
            vec(glob(), 0..3),
            vec(glob(), 0..3),
            vec(glob(), 0..2),
            any::<bool>(),
        )
            .prop_map(|(upstreams, allow, deny, read_only)| Rules {
                upstreams,
                allow,
                deny,
                read_only,
            })
    }

    fn tier() -> impl Strategy<Value = Tier> {
        prop_oneof![Just(Tier::Read), Just(Tier::Write), Just(Tier::Destructive)]
    }

    fn store(rules: Vec<Rules>) -> (HashMap<Uuid, Policy>, Vec<Uuid>) {
        let ids: Vec<_> = (1..=rules.len())
            .map(|n| Uuid::from_u128(n as u128))
            .collect();
        let policies = ids
            .iter()
            .zip(rules)
            .map(|(id, rules)| {
                (
                    *id,
                    Policy {
                        id: *id,
                        name: format!("p{id}"),
                        rules,
                        preset: None,
                    },
                )
            })
            .collect();
        (policies, ids)
    }

    fn decide(
        policies: &HashMap<Uuid, Policy>,
        owner: Scope,
        key: Scope,
        tool: &str,
        tier: Tier,
    ) -> bool {
        let upstream = UpstreamName::new(tool.split_once('.').unwrap().0).unwrap();
        let subject = Subject {
            upstream: &upstream,
            demo: false,
            canonical: tool,
            tier,
        };
        evaluate(policies, Mode::Live, &Grant { owner, key }, subject).is_allow()
    }

    proptest! {
        #[test]
        fn order_never_matters(rules in vec(rules(), 1..4), tool in "[ab]\\.[xy]{1,2}", tier in tier()) {
            let (policies, mut ids) = store(rules);
            let one = decide(&policies, Scope::Unlimited, Scope::Policies(ids.clone()), &tool, tier);
            ids.reverse();
            prop_assert_eq!(one, decide(&policies, Scope::Unlimited, Scope::Policies(ids), &tool, tier));
        }

        #[test]
        fn a_key_never_exceeds_its_owner(owner in vec(rules(), 0..3), key in vec(rules(), 0..3), tool in "[ab]\\.[xy]", tier in tier()) {
            let owners = owner.len();
            let (policies, ids) = store(owner.into_iter().chain(key).collect());
            let (owner, key) = ids.split_at(owners);
            let (owner, key) = (Scope::Policies(owner.to_vec()), Scope::Policies(key.to_vec()));
            let both = decide(&policies, owner.clone(), key.clone(), &tool, tier);
            let owner_alone = decide(&policies, owner, Scope::Unlimited, &tool, tier);
            let key_alone = decide(&policies, Scope::Unlimited, key, &tool, tier);
            prop_assert_eq!(both, owner_alone && key_alone);
        }

        #[test]
        fn one_deny_is_final(mut rules in vec(rules(), 1..4), at in 0usize..4, tool in "[ab]\\.[xy]", tier in tier()) {
            let at = at % rules.len();
            rules[at].deny.push(Glob::new(tool.clone()).unwrap());
            let (policies, ids) = store(rules);
            prop_assert!(!decide(&policies, Scope::Unlimited, Scope::Policies(ids), &tool, tier));
        }

        #[test]
        fn what_is_not_allowed_by_name_is_denied(rules in vec(rules(), 0..4), tool in "[ab]\\.[xy]", tier in tier()) {
            let permitted_by_one = rules.iter().any(|r| {
                r.upstreams.iter().any(|g| g.matches(&tool[..1]))
                    && r.allow.iter().any(|g| g.matches(&tool))
                    && (!r.read_only || tier == Tier::Read)
            });
            let denied_by_one = rules.iter().any(|r| r.deny.iter().any(|g| g.matches(&tool)));
            let (policies, ids) = store(rules);
            prop_assert_eq!(
                decide(&policies, Scope::Unlimited, Scope::Policies(ids), &tool, tier),
                permitted_by_one && !denied_by_one
            );
        }
    }

    #[test]
    fn a_policy_that_cannot_be_read_refuses_everything() {
        let (policies, mut ids) = store(vec![Rules::everything()]);
        ids.push(Uuid::from_u128(99));
        assert!(!decide(
            &policies,
            Scope::Unlimited,
            Scope::Policies(ids),
            "a.x",
            Tier::Read
        ));
    }

    #[test]
    fn a_test_key_reaches_the_demo_alone() {
        let upstream = UpstreamName::new("a").unwrap();
        let (policies, _) = store(vec![]);
        let grant = Grant {
            owner: Scope::Unlimited,
            key: Scope::Unlimited,
        };
        for demo in [true, false] {
            let subject = Subject {
                upstream: &upstream,
                demo,
                canonical: "a.x",
                tier: Tier::Read,
            };
            assert_eq!(
                evaluate(&policies, Mode::Test, &grant, subject).is_allow(),
                demo
            );
        }
    }
}
