//! How the rules of a policy differ from what they were.

use super::{ArgumentRule, Constraint, Rules};
use crate::{glob::Glob, tool::Tier};
use serde::Serialize;

/// What only the older rules have, and what only the newer ones have. The order of rules means nothing, so it is no
/// difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub removed: Part,
    pub added: Part,
}

/// Some of the rules of a set. What is empty or unset has none in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<Glob>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Glob>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Glob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tier: Option<Tier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<ArgumentRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
}

impl Difference {
    /// From nothing, where there were no rules before.
    pub fn between(before: Option<&Rules>, after: &Rules) -> Self {
        let nothing = Rules::default();
        let older = before.unwrap_or(&nothing);
        let mut difference = Self {
            removed: Part::only(older, after),
            added: Part::only(after, older),
        };
        // Rules cannot be without it, so that only here is one missing.
        if before.is_none() {
            difference.removed.max_tier = None;
            difference.added.max_tier = Some(after.max_tier);
        }
        difference
    }
}

impl Part {
    /// What one set has and the other has not.
    fn only(of: &Rules, other: &Rules) -> Self {
        Self {
            upstreams: without(&of.upstreams, &other.upstreams),
            allow: without(&of.allow, &other.allow),
            deny: without(&of.deny, &other.deny),
            max_tier: Some(of.max_tier).filter(|tier| *tier != other.max_tier),
            arguments: without(&of.arguments, &other.arguments),
            constraints: without(&of.constraints, &other.constraints),
        }
    }
}

fn without<T: Clone + PartialEq>(of: &[T], other: &[T]) -> Vec<T> {
    let only = of.iter().filter(|one| !other.contains(one));
    only.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rules(value: Value) -> Rules {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_difference_has_what_went_and_what_came() {
        let older = rules(json!({"allow": ["a.*", "b.*"], "max_tier": "read"}));
        let newer = rules(json!({
            "allow": ["b.*", "c.*"],
            "max_tier": "write",
            "constraints": [{"tools": ["*"], "max_results": 1}],
        }));
        assert_eq!(
            json!(Difference::between(Some(&older), &newer)),
            json!({
                "removed": {"allow": ["a.*"], "max_tier": "read"},
                "added": {
                    "allow": ["c.*"],
                    "max_tier": "write",
                    "constraints": [{"tools": ["*"], "max_results": 1}],
                },
            })
        );
        let back = Difference::between(Some(&newer), &older);
        let there = Difference::between(Some(&older), &newer);
        assert_eq!((back.removed, back.added), (there.added, there.removed));
    }

    #[test]
    fn the_order_of_rules_is_no_difference() {
        let one = rules(json!({"allow": ["a.*", "b.*"]}));
        let other = rules(json!({"allow": ["b.*", "a.*", "a.*"]}));
        let same = Difference::between(Some(&one), &other);
        assert_eq!(same, Difference::default());
    }

    #[test]
    fn before_the_first_there_was_nothing() {
        let first = rules(json!({"allow": ["a.*"], "max_tier": "destructive"}));
        let told = json!(Difference::between(None, &first));
        let added = json!({"allow": ["a.*"], "max_tier": "destructive"});
        assert_eq!(told, json!({"removed": {}, "added": added}));
    }
}
