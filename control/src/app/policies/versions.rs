//! What the rules of a policy were, and how they differ.

use super::{named, replace_rules};
use crate::{
    app::App,
    error::{Error, Result},
    op::Op,
    store::{
        self,
        policies::{StoredPolicy, StoredVersion},
    },
};
use ostia_domain::policy::{Difference, Rules};
use uuid::Uuid;

pub(crate) struct VersionView {
    pub(crate) version: StoredVersion,
    /// From the version before. Unset: one of the two cannot be read.
    pub(crate) changed: Option<Difference>,
    /// From the current version. Unset: it is that one, or as above.
    pub(crate) restoring: Option<Difference>,
}

/// Two versions; 0 is before the first, when there was nothing.
pub(crate) struct DifferenceOf {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) difference: Difference,
}

impl App {
    /// Newest first, the current one included.
    pub(crate) async fn policy_versions(&self, reference: &str) -> Result<Vec<VersionView>> {
        let read = self.store.read().await?;
        let policy = named(&read, reference).await?.policy;
        let versions = store::policies::versions(&read, policy.id).await?;
        let views = versions.iter().enumerate().map(|(at, version)| {
            let current = versions.first().filter(|_| at > 0);
            view(version, versions.get(at + 1), current)
        });
        Ok(views.collect())
    }

    pub(crate) async fn policy_version(&self, reference: &str, number: u32) -> Result<VersionView> {
        let read = self.store.read().await?;
        let StoredPolicy {
            policy, version, ..
        } = named(&read, reference).await?;
        let wanted = numbered(&read, policy.id, number).await?;
        let before = match number {
            0 | 1 => None,
            _ => store::policies::version(&read, policy.id, number - 1).await?,
        };
        let current = match version {
            current if current == number => None,
            current => Some(numbered(&read, policy.id, current).await?),
        };
        Ok(view(&wanted, before.as_ref(), current.as_ref()))
    }

    pub(crate) async fn policy_difference(
        &self,
        reference: &str,
        from: Option<u32>,
        to: Option<u32>,
    ) -> Result<DifferenceOf> {
        let read = self.store.read().await?;
        let stored = named(&read, reference).await?;
        let to = to.unwrap_or(stored.version);
        let from = from.unwrap_or(to.saturating_sub(1));
        let id = stored.policy.id;
        let before = match from {
            0 => None,
            from => Some(readable(numbered(&read, id, from).await?)?),
        };
        let after = readable(numbered(&read, id, to).await?)?;
        Ok(DifferenceOf {
            from,
            to,
            difference: Difference::between(before.as_ref(), &after),
        })
    }

    pub(crate) async fn restore_policy(
        &self,
        op: &Op,
        reference: &str,
        version: u32,
    ) -> Result<StoredPolicy> {
        let change = self.change(op, "policies.restore").await?;
        let stored = named(change.tx(), reference).await?;
        let rules = readable(numbered(change.tx(), stored.policy.id, version).await?)?;
        replace_rules(change, op, stored, rules).await
    }
}

async fn numbered(db: &impl store::Reads, id: Uuid, number: u32) -> Result<StoredVersion> {
    let found = store::policies::version(db, id, number).await?;
    found.ok_or_else(|| Error::not_found("version", &number.to_string()))
}

fn readable(version: StoredVersion) -> Result<Rules> {
    let number = version.version;
    version.rules.ok_or_else(|| {
        let problem = format!("version {number} cannot be read by this version of Ostia");
        Error::conflict(problem)
    })
}

fn view(
    version: &StoredVersion,
    before: Option<&StoredVersion>,
    current: Option<&StoredVersion>,
) -> VersionView {
    let rules = version.rules.as_ref();
    // Before the first there was nothing; one that cannot be read was something.
    let changed = match before {
        None => rules.map(|rules| Difference::between(None, rules)),
        Some(before) => between(before.rules.as_ref(), rules),
    };
    VersionView {
        changed,
        restoring: current.and_then(|current| between(current.rules.as_ref(), rules)),
        version: version.clone(),
    }
}

fn between(before: Option<&Rules>, after: Option<&Rules>) -> Option<Difference> {
    Some(Difference::between(Some(before?), after?))
}
