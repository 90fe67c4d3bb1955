//! `ostia policies versions` and `diff`.

use super::super::{
    show::{moment, timestamp},
    table::Table,
};
use crate::{failure::Failure, output::Output, printable};
use ostia_domain::policy::{Difference, Part, Rules};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Version {
    #[serde(rename = "version")]
    number: u32,
    /// Null: they cannot be read.
    rules: Option<Rules>,
    created_at: Option<String>,
    actor: String,
    /// From the version before. Null: one of the two cannot be read.
    changed: Option<Difference>,
}

/// From one version to another.
#[derive(Serialize)]
struct Compared {
    from: u32,
    to: u32,
    #[serde(flatten)]
    difference: Difference,
}

pub(super) async fn list(
    policy: String,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::ListPolicyVersionsRequest { policy };
    let answer = control.policies().list_policy_versions(request).await?;
    let versions = answer.into_inner().versions.into_iter();
    let versions: Vec<_> = versions.map(Version::from).collect();
    output.result(&versions, |versions| {
        let rows = versions.iter().map(|version| {
            let changed = version.changed.as_ref().map_or_else(
                || "cannot be read".to_owned(),
                |changed| names(changed).join(", "),
            );
            [
                version.number.to_string(),
                moment(version.created_at.as_ref(), "-"),
                version.actor.clone(),
                changed,
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
    let request = v1::GetPolicyDifferenceRequest { policy, from, to };
    let answer = control.policies().get_policy_difference(request).await?;
    let answer = answer.into_inner();
    let difference = answer.difference.unwrap_or_default().try_into();
    let compared = Compared {
        from: answer.from,
        to: answer.to,
        difference: difference.map_err(|error| {
            Failure::new("the difference cannot be read by this version of ostia").because(&error)
        })?,
    };
    output.result(&compared, |compared| {
        let Difference { removed, added } = &compared.difference;
        let lines: Vec<_> = lines("-", removed).chain(lines("+", added)).collect();
        if lines.is_empty() {
            return "the rules are the same".to_owned();
        }
        lines.join("\n")
    })
}

impl From<v1::PolicyVersion> for Version {
    fn from(version: v1::PolicyVersion) -> Self {
        Self {
            number: version.version,
            rules: version.rules.and_then(|rules| rules.try_into().ok()),
            created_at: timestamp(version.created_at),
            actor: version.actor,
            changed: version.changed.and_then(|changed| changed.try_into().ok()),
        }
    }
}

/// Each rule by the name of its list.
fn each(part: &Part) -> impl Iterator<Item = (String, Value)> {
    let lists = match serde_json::json!(part) {
        Value::Object(lists) => lists,
        _ => serde_json::Map::new(),
    };
    lists.into_iter().flat_map(|(name, rules)| {
        let rules = match rules {
            Value::Array(rules) => rules,
            rule => vec![rule],
        };
        rules.into_iter().map(move |rule| (name.clone(), rule))
    })
}

fn lines(sign: &'static str, part: &Part) -> impl Iterator<Item = String> {
    each(part).map(move |(name, rule)| {
        let text = rule
            .as_str()
            .map_or_else(|| rule.to_string(), str::to_owned);
        format!("{sign} {name}: {}", printable::one_line(&text))
    })
}

fn names(difference: &Difference) -> Vec<String> {
    let both = each(&difference.removed).chain(each(&difference.added));
    let names: BTreeSet<_> = both.map(|(name, _)| name).collect();
    names.into_iter().collect()
}
