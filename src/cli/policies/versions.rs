//! `ostia policies versions` and `diff`.

use super::{
    super::{
        show::{moment, timestamp},
        table::Table,
    },
    view,
};
use crate::{failure::Failure, output::Output};
use ostia_domain::policy::Rules;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Version {
    #[serde(rename = "version")]
    number: u32,
    rules: Rules,
    created_at: Option<String>,
    actor: String,
}

/// What one list of rules has lost and gained.
#[derive(Serialize)]
struct Difference {
    rule: String,
    removed: Vec<Value>,
    added: Vec<Value>,
}

async fn all(policy: String, control: &ControlClient) -> Result<Vec<Version>, Failure> {
    let request = v1::ListPolicyVersionsRequest { policy };
    let answer = control.policies().list_policy_versions(request).await?;
    let versions = answer
        .into_inner()
        .versions
        .into_iter()
        .map(|version| Version {
            number: version.version,
            rules: view::read(version.rules),
            created_at: timestamp(version.created_at),
            actor: version.actor,
        });
    Ok(versions.collect())
}

pub(super) async fn list(
    policy: String,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let versions = all(policy, control).await?;
    output.result(&versions, |versions| {
        let rows = versions.iter().enumerate().map(|(at, version)| {
            let before = versions.get(at + 1).map(|before| &before.rules);
            let changed: Vec<_> = difference(before, &version.rules)
                .into_iter()
                .map(|difference| difference.rule)
                .collect();
            [
                version.number.to_string(),
                moment(version.created_at.as_ref(), "-"),
                version.actor.clone(),
                changed.join(", "),
            ]
        });
        Table::new(["VERSION", "SINCE", "BY", "CHANGED"], "no versions")
            .rows(rows)
            .text()
    })
}

pub(super) async fn diff(
    policy: String,
    from: Option<u32>,
    to: Option<u32>,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let versions = all(policy, control).await?;
    let newest = versions.first().map_or(0, |version| version.number);
    let to = to.unwrap_or(newest);
    let from = from.unwrap_or(to.saturating_sub(1));
    let rules_of = |wanted: u32| {
        let mut found = versions.iter().filter(|version| version.number == wanted);
        found.next().map(|version| &version.rules).ok_or_else(|| {
            Failure::usage(format!("the policy has no version {wanted}"))
                .hint("`ostia policies versions` lists those it has")
        })
    };
    // Before the first there was nothing.
    let before = if from == 0 {
        None
    } else {
        Some(rules_of(from)?)
    };
    let differences = difference(before, rules_of(to)?);
    output.result(&differences, |differences| {
        let lines = differences.iter().flat_map(|difference| {
            let line = |sign, value: &Value| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("{sign} {}: {text}", difference.rule)
            };
            let removed = difference.removed.iter().map(move |value| line('-', value));
            let added = difference.added.iter().map(move |value| line('+', value));
            removed.chain(added)
        });
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            return "the rules are the same".to_owned();
        }
        lines.join("\n")
    })
}

fn difference(before: Option<&Rules>, after: &Rules) -> Vec<Difference> {
    let before = before.map_or(Value::Null, |rules| serde_json::json!(rules));
    let after = serde_json::json!(after);
    let values = |rules: &Value, rule: &str| match rules.get(rule) {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(value) => vec![value.clone()],
    };
    [
        "upstreams",
        "allow",
        "deny",
        "max_tier",
        "arguments",
        "constraints",
    ]
    .into_iter()
    .map(|rule| {
        let (old, new) = (values(&before, rule), values(&after, rule));
        Difference {
            rule: rule.to_owned(),
            removed: old.iter().filter(|v| !new.contains(v)).cloned().collect(),
            added: new.into_iter().filter(|v| !old.contains(v)).collect(),
        }
    })
    .filter(|difference| !difference.removed.is_empty() || !difference.added.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_what_went_and_what_came() {
        let rules = |json| serde_json::from_value::<Rules>(json).unwrap();
        let old = rules(serde_json::json!({"allow": ["a.*", "b.*"], "max_tier": "read"}));
        let new = rules(serde_json::json!({"allow": ["b.*", "c.*"], "max_tier": "write"}));
        let told = serde_json::json!(difference(Some(&old), &new));
        assert_eq!(
            told,
            serde_json::json!([
                {"rule": "allow", "removed": ["a.*"], "added": ["c.*"]},
                {"rule": "max_tier", "removed": ["read"], "added": ["write"]},
            ])
        );
    }
}
