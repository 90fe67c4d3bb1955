use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::{
    glob::Glob,
    policy::{
        ArgumentRule, Constraint, Constraints, Difference, MAX_ITEMS, Part, Pattern, Pointer,
        Policy, Rules,
    },
    tool::Tier,
};
use std::num::{NonZeroU32, NonZeroU64};

/// The kinds of rules that this build knows: `needs` of rules is not above it. Whoever adds a kind that an
/// older build must not pass over makes this one more, and says it in the rules that have one.
const KNOWN_KINDS: u32 = 0;

fn texts(globs: Vec<Glob>) -> Vec<String> {
    globs.into_iter().map(String::from).collect()
}

fn globs(field: &'static str, texts: Vec<String>) -> Result<Vec<Glob>, FieldError> {
    within_bounds(field, &texts)?;
    texts
        .into_iter()
        .map(|text| Glob::new(text).map_err(|error| FieldError::new(field, error)))
        .collect()
}

fn within_bounds<T>(field: &'static str, items: &[T]) -> Result<(), FieldError> {
    if items.len() <= MAX_ITEMS {
        return Ok(());
    }
    Err(FieldError::new(field, format!("are more than {MAX_ITEMS}")))
}

impl From<Rules> for v1::Rules {
    fn from(rules: Rules) -> Self {
        Self {
            upstreams: texts(rules.upstreams),
            allow: texts(rules.allow),
            deny: texts(rules.deny),
            max_tier: v1::Tier::from(rules.max_tier).into(),
            arguments: rules.arguments.into_iter().map(Into::into).collect(),
            constraints: rules.constraints.into_iter().map(Into::into).collect(),
            needs: 0,
        }
    }
}

impl TryFrom<v1::Rules> for Rules {
    type Error = FieldError;
    fn try_from(rules: v1::Rules) -> Result<Self, FieldError> {
        if rules.needs > KNOWN_KINDS {
            let problem = "have a kind of rule that only a newer version of Ostia knows";
            return Err(FieldError::new("rules", problem));
        }
        // One that is not known here is more than what is.
        let max_tier = match v1::Tier::try_from(rules.max_tier) {
            Ok(v1::Tier::Read) => Tier::Read,
            Ok(v1::Tier::Write) => Tier::Write,
            Ok(v1::Tier::Destructive | v1::Tier::Unspecified) => Tier::Destructive,
            Err(_) => return Err(FieldError::new("rules.max_tier", "is not known")),
        };
        // Before expressions are compiled and patterns read.
        within_bounds("rules.arguments", &rules.arguments)?;
        within_bounds("rules.constraints", &rules.constraints)?;
        let arguments = rules.arguments.into_iter().map(TryInto::try_into);
        let constraints = rules.constraints.into_iter().map(TryInto::try_into);
        let read = Self {
            upstreams: globs("rules.upstreams", rules.upstreams)?,
            allow: globs("rules.allow", rules.allow)?,
            deny: globs("rules.deny", rules.deny)?,
            max_tier,
            arguments: arguments.collect::<Result<_, _>>()?,
            constraints: constraints.collect::<Result<_, _>>()?,
        };
        match read.problem() {
            Some((field, problem)) => Err(FieldError::new(field, problem)),
            None => Ok(read),
        }
    }
}

impl From<ArgumentRule> for v1::ArgumentRule {
    fn from(rule: ArgumentRule) -> Self {
        Self {
            tools: texts(rule.tools),
            argument: rule.argument.into(),
            optional: rule.optional,
            glob: texts(rule.glob),
            regex: rule.regex.map(Into::into),
            min: rule.min,
            max: rule.max,
        }
    }
}

impl TryFrom<v1::ArgumentRule> for ArgumentRule {
    type Error = FieldError;
    fn try_from(rule: v1::ArgumentRule) -> Result<Self, FieldError> {
        let pointer = Pointer::new(rule.argument);
        let regex = rule.regex.map(Pattern::new).transpose();
        let bound = |bound: Option<f64>| match bound {
            Some(bound) if !bound.is_finite() => Err(FieldError::new(
                "rules.arguments",
                "has a bound that is no number",
            )),
            bound => Ok(bound),
        };
        let read = Self {
            tools: globs("rules.arguments.tools", rule.tools)?,
            argument: pointer
                .map_err(|error| FieldError::new("rules.arguments.argument", error))?,
            optional: rule.optional,
            glob: globs("rules.arguments.glob", rule.glob)?,
            regex: regex.map_err(|error| FieldError::new("rules.arguments.regex", error))?,
            min: bound(rule.min)?,
            max: bound(rule.max)?,
        };
        match read.problem() {
            Some(problem) => Err(FieldError::new("rules.arguments", problem)),
            None => Ok(read),
        }
    }
}

impl From<Constraint> for v1::Constraint {
    fn from(constraint: Constraint) -> Self {
        Self {
            tools: texts(constraint.tools),
            calls_per_minute: constraint.calls_per_minute.map(NonZeroU32::get),
            max_results: constraint.max_results.map(NonZeroU32::get),
            max_result_bytes: constraint.max_result_bytes.map(NonZeroU64::get),
            timeout_ms: constraint.timeout_ms.map(NonZeroU64::get),
        }
    }
}

impl From<Constraints> for v1::Constraint {
    fn from(limits: Constraints) -> Self {
        let milliseconds =
            |timeout: std::time::Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Self {
            tools: Vec::new(),
            calls_per_minute: limits.calls_per_minute.map(NonZeroU32::get),
            max_results: limits.max_results.map(NonZeroU32::get),
            max_result_bytes: limits.max_result_bytes.map(NonZeroU64::get),
            timeout_ms: limits.timeout.map(milliseconds),
        }
    }
}

impl TryFrom<v1::Constraint> for Constraint {
    type Error = FieldError;
    fn try_from(constraint: v1::Constraint) -> Result<Self, FieldError> {
        let zero = |field| FieldError::new(field, "must be at least 1");
        let narrow = |field, value: Option<u32>| {
            let read = value.map(|n| NonZeroU32::new(n).ok_or_else(|| zero(field)));
            read.transpose()
        };
        let wide = |field, value: Option<u64>| {
            let read = value.map(|n| NonZeroU64::new(n).ok_or_else(|| zero(field)));
            read.transpose()
        };
        let calls = constraint.calls_per_minute;
        let read = Self {
            tools: globs("rules.constraints.tools", constraint.tools)?,
            calls_per_minute: narrow("rules.constraints.calls_per_minute", calls)?,
            max_results: narrow("rules.constraints.max_results", constraint.max_results)?,
            max_result_bytes: wide(
                "rules.constraints.max_result_bytes",
                constraint.max_result_bytes,
            )?,
            timeout_ms: wide("rules.constraints.timeout_ms", constraint.timeout_ms)?,
        };
        match read.problem() {
            Some(problem) => Err(FieldError::new("rules.constraints", problem)),
            None => Ok(read),
        }
    }
}

impl From<Part> for v1::Rules {
    fn from(part: Part) -> Self {
        let tier = part.max_tier.map_or(v1::Tier::Unspecified, v1::Tier::from);
        Self {
            upstreams: texts(part.upstreams),
            allow: texts(part.allow),
            deny: texts(part.deny),
            max_tier: tier.into(),
            arguments: part.arguments.into_iter().map(Into::into).collect(),
            constraints: part.constraints.into_iter().map(Into::into).collect(),
            needs: 0,
        }
    }
}

impl TryFrom<v1::Rules> for Part {
    type Error = FieldError;
    fn try_from(rules: v1::Rules) -> Result<Self, FieldError> {
        let has_tier = rules.max_tier() != v1::Tier::Unspecified;
        let rules = Rules::try_from(rules)?;
        Ok(Self {
            upstreams: rules.upstreams,
            allow: rules.allow,
            deny: rules.deny,
            max_tier: has_tier.then_some(rules.max_tier),
            arguments: rules.arguments,
            constraints: rules.constraints,
        })
    }
}

impl From<Difference> for v1::RulesDifference {
    fn from(difference: Difference) -> Self {
        Self {
            removed: Some(difference.removed.into()),
            added: Some(difference.added.into()),
        }
    }
}

impl TryFrom<v1::RulesDifference> for Difference {
    type Error = FieldError;
    fn try_from(difference: v1::RulesDifference) -> Result<Self, FieldError> {
        Ok(Self {
            removed: difference.removed.unwrap_or_default().try_into()?,
            added: difference.added.unwrap_or_default().try_into()?,
        })
    }
}

impl From<Policy> for v1::Policy {
    /// Without times and tag, which only control knows.
    fn from(policy: Policy) -> Self {
        Self {
            id: policy.id.to_string(),
            name: policy.name,
            rules: Some(policy.rules.into()),
            preset: policy.preset,
            created_at: None,
            updated_at: None,
            version: 0,
            etag: String::new(),
        }
    }
}

impl TryFrom<v1::Policy> for Policy {
    type Error = FieldError;
    fn try_from(policy: v1::Policy) -> Result<Self, FieldError> {
        Ok(Self {
            id: uuid("id", &policy.id)?,
            name: policy.name,
            rules: policy
                .rules
                .ok_or(FieldError::missing("rules"))?
                .try_into()?,
            preset: policy.preset,
        })
    }
}
