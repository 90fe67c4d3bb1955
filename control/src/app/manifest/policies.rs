//! Policies of a manifest.

use super::{Action, Applying, Kind, NamedPolicy, difference::between};
use crate::{
    app::{
        naming,
        policies::{self, preset_rules},
    },
    error::{Error, Result},
    op::{Detail, Touched},
    store::{self, policies::StoredPolicy},
};
use ostia_domain::policy::Policy;
use serde_json::{Value, json};
use uuid::Uuid;

impl Applying<'_> {
    pub(super) async fn policy(&mut self, wanted: NamedPolicy) -> Result<()> {
        let NamedPolicy {
            name,
            rules,
            preset,
        } = wanted;
        naming::check(&name)?;
        let rules = match (rules, &preset) {
            (Some(rules), _) => rules,
            (None, Some(preset)) => preset_rules(preset)?,
            (None, None) => {
                let problem = "are required, or a preset that they are copied from";
                return Err(Error::invalid("rules", problem));
            }
        };
        let now = self.changes.op().now;
        let Some(mut stored) = store::policies::find(self.changes.tx(), &name).await? else {
            let policy = Policy {
                id: Uuid::now_v7(),
                name,
                rules,
                preset,
            };
            let stored = StoredPolicy {
                policy,
                unreadable: false,
                created_at: now,
                updated_at: now,
                version: 1,
            };
            return self.create_policy(&stored).await;
        };
        let old_rules = policies::state(&stored);
        let before = if stored.unreadable {
            json!({ "rules": old_rules, "preset": stored.policy.preset })
        } else {
            document(&stored.policy)
        };
        stored.policy.rules = rules;
        stored.policy.preset = preset;
        let fields = between(&before, &document(&stored.policy));
        if self.changed(Kind::Policies, &name, fields) {
            stored.version += 1;
            stored.updated_at = now;
            let (tx, op) = (self.changes.tx(), self.changes.op());
            store::policies::set_rules(tx, &stored).await?;
            store::policies::insert_version(tx, &stored, &op.actor).await?;
            let detail = Detail::changed(old_rules, json!(stored.policy.rules))
                .with("version", stored.version)
                .with("preset", stored.policy.preset);
            self.changes
                .made("policies.update", &name, detail, Touched::Snapshot);
        }
        Ok(())
    }

    async fn create_policy(&mut self, stored: &StoredPolicy) -> Result<()> {
        let (tx, op) = (self.changes.tx(), self.changes.op());
        store::policies::insert(tx, stored).await?;
        store::policies::insert_version(tx, stored, &op.actor).await?;
        let policy = &stored.policy;
        let after = document(policy);
        self.created(Kind::Policies, policy.id, &policy.name, &after)
            .await?;
        let detail = Detail::made(after);
        self.changes
            .made("policies.create", &policy.name, detail, Touched::Snapshot);
        Ok(())
    }

    pub(super) async fn remove_policy(&mut self, policy: Policy) -> Result<()> {
        store::policies::delete(self.changes.tx(), policy.id)
            .await
            .map_err(naming::in_use(
                "a key, user or group is bound by it: take it from those first",
            ))?;
        let fields = between(&document(&policy), &json!(null));
        self.object(Kind::Policies, &policy.name, Action::Removed, fields);
        let detail = Detail::removed(json!({ "rules": policy.rules }));
        self.changes
            .made("policies.delete", &policy.name, detail, Touched::Snapshot);
        Ok(())
    }
}

fn document(policy: &Policy) -> Value {
    json!({ "rules": policy.rules, "preset": policy.preset })
}
