//! Policies as results show them.

use super::super::{
    show::{list, timestamp},
    table::{Table, fields},
};
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
}

#[derive(Serialize)]
pub(crate) struct Preset {
    name: String,
    summary: String,
    rules: Rules,
}

#[derive(Serialize)]
struct Rules {
    upstreams: Vec<String>,
    allow: Vec<String>,
    deny: Vec<String>,
    read_only: bool,
}

impl From<v1::Policy> for Policy {
    fn from(policy: v1::Policy) -> Self {
        Self {
            id: policy.id,
            name: policy.name,
            rules: policy.rules.unwrap_or_default().into(),
            preset: policy.preset,
            created_at: timestamp(policy.created_at),
            updated_at: timestamp(policy.updated_at),
        }
    }
}

impl From<v1::Preset> for Preset {
    fn from(preset: v1::Preset) -> Self {
        Self {
            name: preset.name,
            summary: preset.summary,
            rules: preset.rules.unwrap_or_default().into(),
        }
    }
}

impl From<v1::Rules> for Rules {
    fn from(rules: v1::Rules) -> Self {
        Self {
            upstreams: rules.upstreams,
            allow: rules.allow,
            deny: rules.deny,
            read_only: rules.read_only,
        }
    }
}

impl Rules {
    fn tiers(&self) -> &'static str {
        if self.read_only { "read-only" } else { "all" }
    }
}

impl Policy {
    pub(crate) fn text(&self) -> String {
        fields([
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("upstreams", list(&self.rules.upstreams)),
            ("allow", list(&self.rules.allow)),
            ("deny", list(&self.rules.deny)),
            ("tools", self.rules.tiers().to_owned()),
            ("preset", self.preset.clone().unwrap_or_default()),
        ])
    }
}

pub(crate) fn table(policies: &[Policy]) -> String {
    let rows = policies.iter().map(|policy| {
        [
            policy.name.clone(),
            list(&policy.rules.upstreams),
            list(&policy.rules.allow),
            list(&policy.rules.deny),
            policy.rules.tiers().to_owned(),
        ]
    });
    Table::new(
        ["NAME", "UPSTREAMS", "ALLOW", "DENY", "TOOLS"],
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
