//! Who may call what: an order-independent set of rules, default deny.

mod arguments;
mod constraints;
mod difference;
mod presets;
mod rules;

pub use arguments::{ArgumentRule, Arguments, Pattern, Pointer};
pub use constraints::{Constraint, Constraints};
pub use difference::{Difference, Part};
pub use presets::Preset;
pub use rules::{MAX_ITEMS, Rules};

use self::rules::Verdict;
use crate::{glob::Glob, key::Mode, name::UpstreamName, tool::Tier};
use uuid::Uuid;

/// A named set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub id: Uuid,
    pub name: String,
    pub rules: Rules,
    /// The preset that the rules were copied from; they are this policy's own since.
    pub preset: Option<String>,
}

/// What bounds a principal: what the key may do, within what its owner may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub owner: Scope,
    pub key: Scope,
    /// The key's own rules, besides its policies.
    pub rules: Option<Rules>,
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

    /// No arguments would do, so that lists are without it.
    fn hides(&self) -> bool {
        !matches!(self, Self::Allow(_) | Self::Deny(Reason::Argument { .. }))
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
    /// The tool may do more than anything that allows it allows.
    TierTooHigh {
        policy: &'a str,
    },
    /// The tool may be called, but not with this.
    Argument {
        policy: &'a str,
        rule: &'a ArgumentRule,
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
            Self::TierTooHigh { policy } => write!(f, "{policy}: tier"),
            Self::Argument { policy, rule } => write!(f, "{policy}: {rule}"),
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

impl PolicySet for crate::snapshot::Objects<Policy> {
    fn policy(&self, id: &Uuid) -> Option<&Policy> {
        self.get(id).map(AsRef::as_ref)
    }
}

/// What the rules of a key itself are called in decisions.
const OWN_RULES: &str = "the key's own rules";

/// May a principal with this grant use this tool, with this? Pure, total, and the same for lists and
/// calls.
pub fn evaluate<'a>(
    policies: &'a impl PolicySet,
    mode: Mode,
    grant: &'a Grant,
    subject: Subject<'_>,
    arguments: Arguments<'_>,
) -> Decision<'a> {
    if mode == Mode::Test && !subject.demo {
        return Decision::Deny(Reason::TestKey);
    }
    let owner = evaluate_scope(policies, &grant.owner, subject, arguments);
    let both = narrowed(owner, || {
        evaluate_scope(policies, &grant.key, subject, arguments)
    });
    match &grant.rules {
        Some(rules) => narrowed(both, || decide(OWN_RULES, rules, subject, arguments)),
        None => both,
    }
}

/// What both say. The narrower one is the one to name; but what either hides is hidden, whichever arguments
/// it would take.
fn narrowed<'a>(wide: Decision<'a>, narrow: impl FnOnce() -> Decision<'a>) -> Decision<'a> {
    if wide.hides() {
        return wide;
    }
    let narrow = narrow();
    if wide.is_allow() || narrow.hides() {
        narrow
    } else {
        wide
    }
}

/// What limits a principal with this grant when it uses this tool: every policy that it is bound by has
/// its say, whichever allows the call.
pub fn constraints(policies: &impl PolicySet, grant: &Grant, subject: Subject<'_>) -> Constraints {
    let mut limits = Constraints::default();
    for scope in [&grant.owner, &grant.key] {
        let Scope::Policies(ids) = scope else {
            continue;
        };
        for policy in ids.iter().filter_map(|id| policies.policy(id)) {
            policy.rules.tighten(&mut limits, subject);
        }
    }
    if let Some(rules) = &grant.rules {
        rules.tighten(&mut limits, subject);
    }
    limits
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
    let named = |rules: &Rules| {
        let mut globs = rules.upstreams.iter();
        globs.any(|glob| glob.matches(upstream.as_str()))
    };
    let sees = |scope: &Scope| match scope {
        Scope::Unlimited => true,
        Scope::Policies(ids) => ids
            .iter()
            .filter_map(|id| policies.policy(id))
            .any(|policy| named(&policy.rules)),
    };
    (mode == Mode::Live || demo)
        && sees(&grant.owner)
        && sees(&grant.key)
        && grant.rules.as_ref().is_none_or(named)
}

fn evaluate_scope<'a>(
    policies: &'a impl PolicySet,
    scope: &Scope,
    subject: Subject<'_>,
    arguments: Arguments<'_>,
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
        let decision = decide(&policy.name, &policy.rules, subject, arguments);
        if let Decision::Deny(Reason::DeniedBy { .. }) = decision {
            return decision;
        }
        if closeness(decision) > closeness(found) {
            found = decision;
        }
    }
    found
}

/// Of several policies, the one that allows is told, or else the one that nearly did.
fn closeness(decision: Decision<'_>) -> u8 {
    match decision {
        Decision::Allow(_) => 3,
        Decision::Deny(Reason::Argument { .. }) => 2,
        Decision::Deny(Reason::TierTooHigh { .. }) => 1,
        Decision::Deny(_) => 0,
    }
}

fn decide<'a>(
    policy: &'a str,
    rules: &'a Rules,
    subject: Subject<'_>,
    arguments: Arguments<'_>,
) -> Decision<'a> {
    match rules.judge(subject, arguments) {
        Verdict::Allowed(pattern) => Decision::Allow(Reason::AllowedBy { policy, pattern }),
        Verdict::Denied(pattern) => Decision::Deny(Reason::DeniedBy { policy, pattern }),
        Verdict::TierTooHigh => Decision::Deny(Reason::TierTooHigh { policy }),
        Verdict::Argument(rule) => Decision::Deny(Reason::Argument { policy, rule }),
        Verdict::NoMatch => Decision::Deny(Reason::NoRule),
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
            tier(),
        )
            .prop_map(|(upstreams, allow, deny, max_tier)| Rules {
                upstreams,
                allow,
                deny,
                max_tier,
                ..Rules::default()
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
        let grant = Grant {
            owner,
            key,
            rules: None,
        };
        evaluate(policies, Mode::Live, &grant, subject, Arguments::Unknown).is_allow()
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
                    && tier <= r.max_tier
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
            rules: None,
        };
        for demo in [true, false] {
            let subject = Subject {
                upstream: &upstream,
                demo,
                canonical: "a.x",
                tier: Tier::Read,
            };
            assert_eq!(
                evaluate(&policies, Mode::Test, &grant, subject, Arguments::Unknown).is_allow(),
                demo
            );
        }
    }

    fn rules_of(json: serde_json::Value) -> Rules {
        serde_json::from_value(json).unwrap()
    }

    /// Which of several policies is told does not depend on their order either.
    #[test]
    fn arguments_are_judged_in_calls_and_not_in_lists() {
        let (policies, ids) = store(vec![
            rules_of(serde_json::json!({
                "upstreams": ["a"], "allow": ["a.*"],
                "arguments": [{"tools": ["a.x"], "argument": "/path", "glob": ["/srv/*"]}],
            })),
            rules_of(serde_json::json!({"upstreams": ["a"], "allow": ["a.y"], "max_tier": "read"})),
        ]);
        let upstream = UpstreamName::new("a").unwrap();
        let decide = |ids: &[Uuid], tool: &str, arguments: Option<&str>| {
            let grant = Grant {
                owner: Scope::Unlimited,
                key: Scope::Policies(ids.to_vec()),
                rules: None,
            };
            let subject = Subject {
                upstream: &upstream,
                demo: false,
                canonical: tool,
                tier: Tier::Write,
            };
            let raw = arguments.map(|text| serde_json::from_str(text).unwrap());
            let arguments = match raw {
                Some(raw) => Arguments::Known(Some(raw)),
                None => Arguments::Unknown,
            };
            let decision = evaluate(&policies, Mode::Live, &grant, subject, arguments);
            match decision {
                Decision::Allow(reason) => (true, reason.to_string()),
                Decision::Deny(reason) => (false, reason.to_string()),
            }
        };
        let reversed: Vec<_> = ids.iter().rev().copied().collect();
        for ids in [&ids, &reversed] {
            assert!(decide(ids, "a.x", None).0, "lists show it");
            assert!(decide(ids, "a.x", Some(r#"{"path":"/srv/1"}"#)).0);
            let (allowed, reason) = decide(ids, "a.x", Some(r#"{"path":"/etc"}"#));
            assert!(
                !allowed && reason.ends_with("/path must match /srv/*"),
                "{reason}"
            );
            assert!(decide(ids, "a.y", Some("{}")).0, "no rule is about it");
        }
    }

    /// A key's own rules narrow what its policies allow, and never widen it.
    #[test]
    fn own_rules_narrow() {
        let (policies, ids) = store(vec![rules_of(
            serde_json::json!({"upstreams": ["a"], "allow": ["a.x", "a.y"]}),
        )]);
        let upstream = UpstreamName::new("a").unwrap();
        let own = rules_of(serde_json::json!({"upstreams": ["*"], "allow": ["a.y", "a.z"]}));
        let grant = Grant {
            owner: Scope::Policies(ids),
            key: Scope::Unlimited,
            rules: Some(own),
        };
        let allowed = ["a.x", "a.y", "a.z"].map(|canonical| {
            let subject = Subject {
                upstream: &upstream,
                demo: false,
                canonical,
                tier: Tier::Read,
            };
            evaluate(&policies, Mode::Live, &grant, subject, Arguments::Unknown).is_allow()
        });
        assert_eq!(allowed, [false, true, false]);
    }

    /// Whoever may not see a tool does not learn from a refusal which arguments it takes.
    #[test]
    fn what_one_side_hides_is_not_told_by_another() {
        let (policies, ids) = store(vec![rules_of(serde_json::json!({
            "upstreams": ["a"], "allow": ["a.x"],
            "arguments": [{"tools": ["a.x"], "argument": "/path", "glob": ["/srv/*"]}],
        }))]);
        let upstream = UpstreamName::new("a").unwrap();
        let subject = Subject {
            upstream: &upstream,
            demo: false,
            canonical: "a.x",
            tier: Tier::Read,
        };
        let (nothing, some) = (Scope::Policies(vec![]), Scope::Policies(ids));
        let own = Some(rules_of(
            serde_json::json!({"upstreams": ["b"], "allow": ["*"]}),
        ));
        for (owner, key, rules) in [
            (some.clone(), nothing.clone(), None),
            (nothing, some.clone(), None),
            (some, Scope::Unlimited, own),
        ] {
            let grant = Grant { owner, key, rules };
            let without = Arguments::Known(None);
            let decision = evaluate(&policies, Mode::Live, &grant, subject, without);
            assert_eq!(decision, Decision::Deny(Reason::NoRule), "{grant:?}");
        }
    }

    #[test]
    fn the_tightest_constraint_holds_whoever_says_it() {
        let with = |constraints: serde_json::Value| {
            rules_of(serde_json::json!({
                "upstreams": ["a"], "allow": ["a.*"], "constraints": constraints,
            }))
        };
        let (policies, ids) = store(vec![
            with(serde_json::json!([
                {"tools": ["a.*"], "calls_per_minute": 10, "timeout_ms": 500},
                {"tools": ["a.x"], "calls_per_minute": 7},
            ])),
            with(serde_json::json!([{"tools": ["*"], "timeout_ms": 100, "max_results": 3}])),
        ]);
        let upstream = UpstreamName::new("a").unwrap();
        let grant = Grant {
            owner: Scope::Policies(vec![ids[1]]),
            key: Scope::Policies(vec![ids[0]]),
            rules: None,
        };
        let limits = |canonical| {
            let subject = Subject {
                upstream: &upstream,
                demo: false,
                canonical,
                tier: Tier::Read,
            };
            let limits = constraints(&policies, &grant, subject);
            (
                limits.calls_per_minute.map(std::num::NonZeroU32::get),
                limits.timeout.map(|t| t.as_millis()),
                limits.max_results.map(std::num::NonZeroU32::get),
            )
        };
        assert_eq!(limits("a.x"), (Some(7), Some(100), Some(3)));
        assert_eq!(limits("a.y"), (Some(10), Some(100), Some(3)));
        assert_eq!(limits("b.x"), (None, Some(100), Some(3)));
    }
}
