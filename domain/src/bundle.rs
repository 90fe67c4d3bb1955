//! Bundles: named selections of tools, served at `/mcp/@<bundle>`.

use crate::{glob::Glob, name::UpstreamName};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a bundle shows of what its caller may use anyway: it grants nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub id: Uuid,
    /// Written like the name of an upstream.
    pub name: UpstreamName,
    pub selection: Selection,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Over `<upstream>.<tool>`, prompts by name and resources by URI likewise. Empty: nothing.
    pub include: Vec<Glob>,
    /// Tools that are shown differently, at most one entry each.
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// How a bundle shows one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// `<upstream>.<tool>`.
    pub tool: String,
    /// 1 to 64 of `a-z A-Z 0-9 _ -`. Unset: the name it has at `/mcp`.
    #[serde(default)]
    pub name: Option<String>,
    /// Unset: the upstream's own.
    #[serde(default)]
    pub description: Option<String>,
}

impl Selection {
    pub fn includes(&self, canonical: &str) -> bool {
        self.include.iter().any(|glob| glob.matches(canonical))
    }
}
