//! Bundles as results show them.

use super::super::{
    show::{list, timestamp},
    table::{Table, fields},
};
use ostia_domain::bundle::Override;
use ostia_proto::v1;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Bundle {
    id: String,
    name: String,
    include: Vec<String>,
    /// In the form that `--overrides-file` reads.
    overrides: Vec<Override>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

impl From<v1::Bundle> for Bundle {
    fn from(bundle: v1::Bundle) -> Self {
        let selection = bundle.selection.unwrap_or_default();
        Self {
            id: bundle.id,
            name: bundle.name,
            include: selection.include,
            overrides: selection.overrides.into_iter().map(Into::into).collect(),
            created_at: timestamp(bundle.created_at),
            updated_at: timestamp(bundle.updated_at),
        }
    }
}

impl Bundle {
    fn endpoint(&self) -> String {
        format!("/mcp/@{}", self.name)
    }

    pub(crate) fn text(&self) -> String {
        let facts = fields([
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("endpoint", self.endpoint()),
            ("include", list(&self.include)),
        ]);
        if self.overrides.is_empty() {
            return facts;
        }
        format!("{facts}\n\n{}", overrides(&self.overrides))
    }
}

fn overrides(overrides: &[Override]) -> String {
    let shown = |text: &Option<String>| text.as_deref().unwrap_or("-").replace('\n', " ");
    let rows = overrides
        .iter()
        .map(|one| [one.tool.clone(), shown(&one.name), shown(&one.description)]);
    Table::new(["TOOL", "SHOWN AS", "DESCRIPTION"], "")
        .rows(rows)
        .text()
}

pub(crate) fn table(bundles: &[Bundle]) -> String {
    let rows = bundles.iter().map(|bundle| {
        [
            bundle.name.clone(),
            bundle.endpoint(),
            list(&bundle.include),
            bundle.overrides.len().to_string(),
        ]
    });
    Table::new(
        ["NAME", "ENDPOINT", "INCLUDE", "OVERRIDES"],
        "no bundles; make one with `ostia bundles create NAME --include 'UPSTREAM.*'`",
    )
    .rows(rows)
    .text()
}
