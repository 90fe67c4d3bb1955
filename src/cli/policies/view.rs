//! Policies as results show them.

use super::super::{
    show::{list, timestamp},
    table::{Table, fields},
};
use ostia_domain::{glob::Glob, policy::Rules};
use ostia_proto::v1;
use serde::Serialize;

const UNREADABLE: &str = "cannot be read: what it governs is refused";

#[derive(Serialize)]
pub(crate) struct Policy {
    id: String,
    name: String,
    /// Null: they cannot be read.
    rules: Option<Rules>,
    /// Why; unset where they can.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    preset: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    version: u32,
}

#[derive(Serialize)]
pub(crate) struct Preset {
    name: String,
    summary: String,
    rules: Rules,
}

impl From<v1::Policy> for Policy {
    fn from(policy: v1::Policy) -> Self {
        let read = policy.rules.map(Rules::try_from);
        let (rules, problem) = match read {
            Some(Ok(rules)) => (Some(rules), None),
            Some(Err(error)) => (
                None,
                Some(format!("cannot be read by this version: {error}")),
            ),
            None => (None, Some(UNREADABLE.to_owned())),
        };
        Self {
            id: policy.id,
            name: policy.name,
            rules,
            problem,
            preset: policy.preset,
            created_at: timestamp(policy.created_at),
            updated_at: timestamp(policy.updated_at),
            version: policy.version,
        }
    }
}

impl From<v1::Preset> for Preset {
    fn from(preset: v1::Preset) -> Self {
        Self {
            name: preset.name,
            summary: preset.summary,
            rules: preset
                .rules
                .unwrap_or_default()
                .try_into()
                .unwrap_or_default(),
        }
    }
}

fn patterns(globs: &[Glob]) -> String {
    let texts: Vec<_> = globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    list(&texts)
}

/// Each on a line of its own, as `--argument` and `--constraint` take it.
fn lines<T: Serialize>(
    name: &'static str,
    items: &[T],
) -> impl Iterator<Item = (&'static str, String)> {
    let texts = items.iter().map(|item| serde_json::json!(item).to_string());
    let mut texts: Vec<_> = texts.collect();
    if texts.is_empty() {
        texts.push("-".to_owned());
    }
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(texts)
}

impl Policy {
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("version", self.version.to_string()),
        ];
        match &self.rules {
            Some(rules) => lines.extend(rule_lines(rules)),
            None => lines.push(("rules", self.problem.clone().unwrap_or_default())),
        }
        lines.push(("preset", self.preset.clone().unwrap_or_default()));
        fields(lines)
    }
}

fn rule_lines(rules: &Rules) -> impl Iterator<Item = (&'static str, String)> {
    let patterns = [
        ("upstreams", patterns(&rules.upstreams)),
        ("allow", patterns(&rules.allow)),
        ("deny", patterns(&rules.deny)),
        ("up to", rules.max_tier.as_str().to_owned()),
    ];
    let patterns = patterns.into_iter();
    patterns
        .chain(lines("arguments", &rules.arguments))
        .chain(lines("constraints", &rules.constraints))
}

pub(crate) fn table(policies: &[Policy]) -> String {
    let rows = policies.iter().map(|policy| {
        let name = policy.name.clone();
        let Some(rules) = &policy.rules else {
            let nothing = String::new;
            let problem = policy.problem.clone().unwrap_or_default();
            return [name, problem, nothing(), nothing(), nothing()];
        };
        [
            name,
            patterns(&rules.upstreams),
            patterns(&rules.allow),
            patterns(&rules.deny),
            rules.max_tier.as_str().to_owned(),
        ]
    });
    Table::new(
        ["NAME", "UPSTREAMS", "ALLOW", "DENY", "UP TO"],
        "no policies; make one with `ostia policies create NAME --preset read-only`",
    )
    .rows(rows)
    .text()
}

pub(crate) fn presets(presets: &[Preset]) -> String {
    let rows = presets
        .iter()
        .map(|preset| [preset.name.clone(), preset.summary.clone()]);
    Table::new(["PRESET", "WHAT IT ALLOWS"], "no presets")
        .rows(rows)
        .text()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No lists at all would be shown for rules that allow nothing.
    #[test]
    fn rules_that_cannot_be_read_are_not_shown_as_none() {
        let readable = v1::Rules::default();
        let newer = v1::Rules {
            needs: u32::MAX,
            ..readable.clone()
        };
        for (rules, why) in [
            (None, Some("what it governs is refused")),
            (Some(newer), Some("newer version")),
            (Some(readable), None),
        ] {
            let policy = Policy::from(v1::Policy {
                name: "odd".to_owned(),
                rules,
                ..v1::Policy::default()
            });
            let json = serde_json::json!(policy);
            assert_eq!(json["rules"].is_null(), why.is_some());
            for text in [policy.text(), table(&[policy])] {
                assert_eq!(text.contains("cannot be read"), why.is_some(), "{text}");
                assert!(text.contains(why.unwrap_or("odd")), "{text}");
            }
        }
    }
}
