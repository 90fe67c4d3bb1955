//! Bundles: named selections of tools.

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, Tx, bundles::StoredBundle},
};
use ostia_domain::{
    bundle::{Bundle, Override, Selection},
    name::{ExposedNames, UpstreamName},
};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

impl App {
    pub(crate) async fn create_bundle(
        &self,
        op: &Op,
        name: UpstreamName,
        selection: Selection,
    ) -> Result<StoredBundle> {
        check(&selection)?;
        let stored = StoredBundle {
            bundle: Bundle {
                id: Uuid::now_v7(),
                name,
                selection,
            },
            created_at: op.now,
            updated_at: op.now,
        };
        let bundle = &stored.bundle;
        let change = self.change(op, "bundles.create").await?;
        store::bundles::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("bundle", bundle.name.as_str()))?;
        let detail = Detail::made(json!(bundle.selection));
        change
            .commit(bundle.name.as_str(), detail, Touched::Snapshot)
            .await?;
        Ok(stored)
    }

    pub(crate) async fn list_bundles(&self) -> Result<Vec<StoredBundle>> {
        Ok(store::bundles::list(self.store.db()).await?)
    }

    pub(crate) async fn bundle(&self, reference: &str) -> Result<StoredBundle> {
        store::bundles::find(self.store.db(), reference)
            .await?
            .ok_or_else(|| Error::not_found("bundle", reference))
    }

    pub(crate) async fn update_bundle(
        &self,
        op: &Op,
        reference: &str,
        selection: Selection,
    ) -> Result<StoredBundle> {
        check(&selection)?;
        let change = self.change(op, "bundles.update").await?;
        let mut stored = named(change.tx(), reference).await?;
        store::bundles::set_selection(change.tx(), stored.bundle.id, &selection, op.now).await?;
        let states = (json!(stored.bundle.selection), json!(selection));
        let name = stored.bundle.name.to_string();
        let made = change.commit_other(&name, states, Touched::Snapshot);
        if made.await? {
            stored.bundle.selection = selection;
            stored.updated_at = op.now;
        }
        Ok(stored)
    }

    pub(crate) async fn delete_bundle(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "bundles.delete").await?;
        let bundle = named(change.tx(), reference).await?.bundle;
        store::bundles::delete(change.tx(), bundle.id).await?;
        let detail = Detail::removed(json!(bundle.selection));
        change
            .commit(bundle.name.as_str(), detail, Touched::Snapshot)
            .await
    }
}

/// See [`tag`].
pub(crate) fn etag(bundle: &Bundle) -> String {
    tag(&json!(bundle.selection))
}

async fn named(tx: &Tx, reference: &str) -> Result<StoredBundle> {
    store::bundles::find(tx, reference)
        .await?
        .ok_or_else(|| Error::not_found("bundle", reference))
}

pub(super) fn check(selection: &Selection) -> Result<()> {
    let (mut tools, mut names) = (HashSet::new(), HashSet::new());
    for shown in &selection.overrides {
        check_override(shown)?;
        if !tools.insert(&shown.tool) {
            let problem = format!("has {:?} more than once", shown.tool);
            return Err(Error::invalid("selection.overrides", problem));
        }
        if let Some(name) = &shown.name
            && !names.insert(name)
        {
            let problem = format!("shows more than one tool as {name:?}");
            return Err(Error::invalid("selection.overrides", problem));
        }
    }
    Ok(())
}

fn check_override(shown: &Override) -> Result<()> {
    let tool = shown.tool.split_once('.').and_then(|(upstream, tool)| {
        let named = !tool.is_empty() && !tool.contains('\0');
        Some((UpstreamName::new(upstream).ok()?, tool)).filter(|_| named)
    });
    let Some((upstream, tool)) = tool else {
        let problem = format!("{:?} is not <upstream>.<tool>", shown.tool);
        return Err(Error::invalid("selection.overrides.tool", problem));
    };
    if let Some(name) = &shown.name
        && !is_exposable(name)
    {
        let problem = format!("{name:?} is not 1 to 64 of a-z, A-Z, 0-9, '_' and '-'");
        return Err(Error::invalid("selection.overrides.name", problem));
    }
    if let Some(name) = &shown.name
        && is_taken(name)
        && *name != ExposedNames::Safe.expose(&upstream, tool)
    {
        let problem = format!(
            "{name:?} is how /mcp names a tool of an upstream; choose one without that prefix"
        );
        return Err(Error::invalid("selection.overrides.name", problem));
    }
    if shown
        .description
        .as_ref()
        .is_some_and(|text| text.contains('\0'))
    {
        let problem = "must not contain NUL characters";
        return Err(Error::invalid("selection.overrides.description", problem));
    }
    Ok(())
}

/// Whether a tool may have that name already, now or later: `<upstream>__<tool>`.
fn is_taken(name: &str) -> bool {
    let upstream = name.split_once("__").map(|(upstream, _)| upstream);
    upstream.is_some_and(|upstream| UpstreamName::new(upstream).is_ok())
}

/// The names that clients take.
fn is_exposable(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
