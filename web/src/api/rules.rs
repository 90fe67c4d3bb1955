//! The rules of policies, presets and keys, in the form that `ostia policies` writes.

use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tool is permitted when its upstream is visible, an `allow` pattern matches it, no `deny` pattern does,
/// its tier is not above `max_tier`, and the arguments pass. In patterns `*` is any run of characters and
/// `?` is one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// Patterns over upstream names. Empty: no upstream is visible.
    #[serde(default)]
    upstreams: Vec<String>,
    /// Patterns over `<upstream>.<tool>`. Empty: nothing is allowed.
    #[serde(default)]
    allow: Vec<String>,
    /// Patterns over `<upstream>.<tool>`. A match is final.
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    max_tier: Tier,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<ArgumentRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    constraints: Vec<Constraint>,
}

/// What a tool may do, as its upstream annotates it; one without annotations is destructive.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Read,
    Write,
    #[default]
    Destructive,
}

/// One argument of some tools: a text by `glob` and `regex`, or a number by `min` and `max`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArgumentRule {
    /// Patterns over `<upstream>.<tool>`.
    #[schema(min_items = 1)]
    tools: Vec<String>,
    /// JSON pointer (RFC 6901) into the arguments; `*` in it is every element or member.
    argument: String,
    /// Whether a call without it passes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
    /// Patterns; one must match the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    glob: Vec<String>,
    /// A regular expression that the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    regex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
}

/// Limits of some tools. What is unset is not limited.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Constraint {
    /// Patterns over `<upstream>.<tool>`.
    #[schema(min_items = 1)]
    tools: Vec<String>,
    /// Calls of one key and one tool, on one edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    calls_per_minute: Option<u32>,
    /// Items of a result's `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    max_results: Option<u32>,
    /// Of a result as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    max_result_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    timeout_ms: Option<u64>,
}

/// How rules differ. Their order is no difference.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesDifference {
    /// What only the older rules have.
    removed: SomeRules,
    /// What only the newer ones have.
    added: SomeRules,
}

/// What is not there has none in it.
#[derive(Serialize, ToSchema)]
struct SomeRules {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    upstreams: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deny: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tier: Option<Tier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<ArgumentRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    constraints: Vec<Constraint>,
}

impl From<v1::RulesDifference> for RulesDifference {
    fn from(difference: v1::RulesDifference) -> Self {
        Self {
            removed: difference.removed.unwrap_or_default().into(),
            added: difference.added.unwrap_or_default().into(),
        }
    }
}

impl From<v1::Rules> for SomeRules {
    fn from(rules: v1::Rules) -> Self {
        let has_tier = rules.max_tier() != v1::Tier::Unspecified;
        let rules = Rules::from(rules);
        Self {
            upstreams: rules.upstreams,
            allow: rules.allow,
            deny: rules.deny,
            max_tier: has_tier.then_some(rules.max_tier),
            arguments: rules.arguments,
            constraints: rules.constraints,
        }
    }
}

impl From<v1::Tier> for Tier {
    fn from(tier: v1::Tier) -> Self {
        match tier {
            v1::Tier::Read => Self::Read,
            v1::Tier::Write => Self::Write,
            v1::Tier::Destructive | v1::Tier::Unspecified => Self::Destructive,
        }
    }
}

impl From<v1::Rules> for Rules {
    fn from(rules: v1::Rules) -> Self {
        Self {
            max_tier: rules.max_tier().into(),
            upstreams: rules.upstreams,
            allow: rules.allow,
            deny: rules.deny,
            arguments: rules.arguments.into_iter().map(Into::into).collect(),
            constraints: rules.constraints.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Rules> for v1::Rules {
    fn from(rules: Rules) -> Self {
        let max_tier = match rules.max_tier {
            Tier::Read => v1::Tier::Read,
            Tier::Write => v1::Tier::Write,
            Tier::Destructive => v1::Tier::Destructive,
        };
        Self {
            upstreams: rules.upstreams,
            allow: rules.allow,
            deny: rules.deny,
            max_tier: max_tier.into(),
            arguments: rules.arguments.into_iter().map(Into::into).collect(),
            constraints: rules.constraints.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl From<v1::ArgumentRule> for ArgumentRule {
    fn from(rule: v1::ArgumentRule) -> Self {
        Self {
            tools: rule.tools,
            argument: rule.argument,
            optional: rule.optional,
            glob: rule.glob,
            regex: rule.regex,
            min: rule.min,
            max: rule.max,
        }
    }
}

impl From<ArgumentRule> for v1::ArgumentRule {
    fn from(rule: ArgumentRule) -> Self {
        Self {
            tools: rule.tools,
            argument: rule.argument,
            optional: rule.optional,
            glob: rule.glob,
            regex: rule.regex,
            min: rule.min,
            max: rule.max,
        }
    }
}

impl From<v1::Constraint> for Constraint {
    fn from(constraint: v1::Constraint) -> Self {
        Self {
            tools: constraint.tools,
            calls_per_minute: constraint.calls_per_minute,
            max_results: constraint.max_results,
            max_result_bytes: constraint.max_result_bytes,
            timeout_ms: constraint.timeout_ms,
        }
    }
}

impl From<Constraint> for v1::Constraint {
    fn from(constraint: Constraint) -> Self {
        Self {
            tools: constraint.tools,
            calls_per_minute: constraint.calls_per_minute,
            max_results: constraint.max_results,
            max_result_bytes: constraint.max_result_bytes,
            timeout_ms: constraint.timeout_ms,
        }
    }
}
