//! Policies and their presets.

mod versions;

pub(crate) use versions::VersionView;

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Change, Detail, Op, Touched, tag},
    store::{self, Tx, policies::StoredPolicy},
};
use ostia_domain::policy::{Policy, Preset, Rules};
use serde_json::{Value, json};
use uuid::Uuid;

/// Where the rules of a new policy come from.
pub(crate) enum Source {
    Rules(Rules),
    Preset(String),
}

impl App {
    pub(crate) async fn create_policy(
        &self,
        op: &Op,
        name: String,
        source: Source,
    ) -> Result<StoredPolicy> {
        let change = self.change(op, "policies.create").await?;
        let stored = made(&change, op, name, source).await?;
        let policy = &stored.policy;
        let after = json!({ "rules": policy.rules, "preset": policy.preset });
        let detail = Detail::made(after);
        change
            .commit(&policy.name, detail, Touched::Snapshot)
            .await?;
        Ok(stored)
    }

    /// Refuses what [`Self::create_policy`] would refuse: it does the same and commits nothing.
    pub(crate) async fn check_new_policy(
        &self,
        op: &Op,
        name: String,
        source: Source,
    ) -> Result<()> {
        let change = self.change(op, "policies.create").await?;
        made(&change, op, name, source).await?;
        Ok(())
    }

    pub(crate) async fn list_policies(&self) -> Result<Vec<StoredPolicy>> {
        Ok(store::policies::list(self.store.db()).await?)
    }

    pub(crate) async fn policy(&self, reference: &str) -> Result<StoredPolicy> {
        store::policies::find(self.store.db(), reference)
            .await?
            .ok_or_else(|| Error::not_found("policy", reference))
    }

    pub(crate) async fn update_policy(
        &self,
        op: &Op,
        reference: &str,
        rules: Rules,
    ) -> Result<StoredPolicy> {
        let change = self.change(op, "policies.update").await?;
        let stored = named(change.tx(), reference).await?;
        replace_rules(change, op, stored, rules).await
    }

    pub(crate) async fn delete_policy(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "policies.delete").await?;
        let stored = named(change.tx(), reference).await?;
        let detail = Detail::removed(state(&stored));
        let policy = stored.policy;
        store::policies::delete(change.tx(), policy.id)
            .await
            .map_err(naming::in_use(format!(
                "a key, user or group is bound by the policy {:?}: take it from those first",
                policy.name
            )))?;
        change.commit(&policy.name, detail, Touched::Snapshot).await
    }
}

/// As far as the transaction of the change goes.
async fn made(change: &Change<'_>, op: &Op, name: String, source: Source) -> Result<StoredPolicy> {
    naming::check(&name)?;
    let (rules, preset) = match source {
        Source::Rules(rules) => (rules, None),
        Source::Preset(preset) => (preset_rules(&preset)?, Some(preset)),
    };
    let stored = StoredPolicy {
        policy: Policy {
            id: Uuid::now_v7(),
            name,
            rules,
            preset,
        },
        unreadable: false,
        created_at: op.now,
        updated_at: op.now,
        version: 1,
    };
    store::policies::insert(change.tx(), &stored)
        .await
        .map_err(naming::taken("policy", &stored.policy.name))?;
    store::policies::insert_version(change.tx(), &stored, &op.actor).await?;
    Ok(stored)
}

async fn replace_rules(
    change: Change<'_>,
    op: &Op,
    mut stored: StoredPolicy,
    rules: Rules,
) -> Result<StoredPolicy> {
    let before = state(&stored);
    if before == json!(rules) {
        // A version is of other rules.
        change.needless(&before)?;
        return Ok(stored);
    }
    stored.version += 1;
    let detail = Detail::changed(before, json!(rules)).with("version", stored.version);
    stored.policy.rules = rules;
    stored.unreadable = false;
    stored.updated_at = op.now;
    store::policies::set_rules(change.tx(), &stored).await?;
    store::policies::insert_version(change.tx(), &stored, &op.actor).await?;
    change
        .commit(&stored.policy.name, detail, Touched::Snapshot)
        .await?;
    Ok(stored)
}

/// Ids of policies that are named by id or name, each once.
pub(super) async fn ids(tx: &Tx, references: &[String]) -> Result<Vec<Uuid>> {
    let mut ids = Vec::with_capacity(references.len());
    for reference in references {
        let id = named(tx, reference).await?.policy.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// See [`tag`].
pub(crate) fn etag(stored: &StoredPolicy) -> String {
    tag(&state(stored))
}

/// As audit keeps it before or after a change of the rules.
pub(super) fn state(stored: &StoredPolicy) -> Value {
    if stored.unreadable {
        return json!({ "unreadable": true, "version": stored.version });
    }
    json!(stored.policy.rules)
}

async fn named(tx: &Tx, reference: &str) -> Result<StoredPolicy> {
    store::policies::find(tx, reference)
        .await?
        .ok_or_else(|| Error::not_found("policy", reference))
}

pub(super) fn preset_rules(name: &str) -> Result<Rules> {
    Preset::find(name).map(Preset::rules).ok_or_else(|| {
        let known: Vec<_> = Preset::ALL.iter().map(|preset| preset.name).collect();
        let problem = format!("{name:?} is none of {}", known.join(", "));
        Error::invalid("preset", problem)
    })
}
