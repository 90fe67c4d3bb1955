//! Policies as results show them.

use super::super::{
    show::{list, timestamp},
    table::{Table, fields},
};
use ostia_domain::{glob::Glob, policy::Rules};
use ostia_proto::v1;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Policy {
    id: String,
    name: String,
    rules: Rules,
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
        Self {
            id: policy.id,
            name: policy.name,
            rules: read(policy.rules),
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
            rules: read(preset.rules),
        }
    }
}

/// Rules that this build cannot read are shown as none at all.
pub(super) fn read(rules: Option<v1::Rules>) -> Rules {
    rules.unwrap_or_default().try_into().unwrap_or_default()
}

fn patterns(globs: &[Glob]) -> String {
    let texts: Vec<_> = globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    list(&texts)
}

/// Each on a line of its own, as `--argument` and `--constraint` take it.
fn lines<T: Serialize>(items: &[T]) -> String {
    let texts = items.iter().map(|item| serde_json::json!(item).to_string());
    let texts: Vec<_> = texts.collect();
    if texts.is_empty() {
        return "-".to_owned();
    }
    texts.join("\n              ")
}

impl Policy {
    pub(crate) fn text(&self) -> String {
        fields([
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("version", self.version.to_string()),
            ("upstreams", patterns(&self.rules.upstreams)),
            ("allow", patterns(&self.rules.allow)),
            ("deny", patterns(&self.rules.deny)),
            ("up to", self.rules.max_tier.as_str().to_owned()),
            ("arguments", lines(&self.rules.arguments)),
            ("constraints", lines(&self.rules.constraints)),
            ("preset", self.preset.clone().unwrap_or_default()),
        ])
    }
}

pub(crate) fn table(policies: &[Policy]) -> String {
    let rows = policies.iter().map(|policy| {
        [
            policy.name.clone(),
            patterns(&policy.rules.upstreams),
            patterns(&policy.rules.allow),
            patterns(&policy.rules.deny),
            policy.rules.max_tier.as_str().to_owned(),
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
