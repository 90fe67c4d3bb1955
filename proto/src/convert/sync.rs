use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::snapshot::{Change, Changed, Object, Objects, Snapshot, objects};
use std::collections::BTreeSet;
use uuid::Uuid;

fn all<A: Clone, B: From<A>>(from: &Objects<A>) -> Vec<B> {
    let from = from.values();
    from.map(|object| A::clone(object).into()).collect()
}

fn try_all<A, B>(from: Vec<A>) -> Result<Objects<B>, FieldError>
where
    B: Object + TryFrom<A, Error = FieldError>,
{
    let from = from.into_iter().map(TryInto::try_into);
    Ok(objects(from.collect::<Result<Vec<_>, _>>()?))
}

impl v1::Snapshot {
    /// As this source says it.
    pub fn of(snapshot: &Snapshot, source: String) -> Self {
        Self {
            revision: snapshot.revision,
            upstreams: all(&snapshot.upstreams),
            catalogues: all(&snapshot.catalogues),
            policies: all(&snapshot.policies),
            plans: all(&snapshot.plans),
            bundles: all(&snapshot.bundles),
            source,
        }
    }
}

impl TryFrom<v1::Snapshot> for Snapshot {
    type Error = FieldError;
    fn try_from(snapshot: v1::Snapshot) -> Result<Self, FieldError> {
        Ok(Self {
            revision: snapshot.revision,
            upstreams: try_all(snapshot.upstreams)?,
            catalogues: try_all(snapshot.catalogues)?,
            policies: try_all(snapshot.policies)?,
            plans: try_all(snapshot.plans)?,
            bundles: try_all(snapshot.bundles)?,
        })
    }
}

fn ids(from: &BTreeSet<Uuid>) -> Vec<String> {
    from.iter().map(Uuid::to_string).collect()
}

fn changed<T>(
    put: Objects<T>,
    field: &'static str,
    removed: &[String],
) -> Result<Changed<T>, FieldError> {
    let removed = removed.iter().map(|id| uuid(field, id));
    Ok(Changed {
        put,
        removed: removed.collect::<Result<_, _>>()?,
    })
}

impl From<&Change> for v1::SnapshotChange {
    fn from(change: &Change) -> Self {
        Self {
            from_revision: change.from,
            put: Some(v1::Snapshot {
                revision: change.to,
                upstreams: all(&change.upstreams.put),
                catalogues: all(&change.catalogues.put),
                policies: all(&change.policies.put),
                plans: all(&change.plans.put),
                bundles: all(&change.bundles.put),
                source: String::new(),
            }),
            removed_upstreams: ids(&change.upstreams.removed),
            removed_catalogues: ids(&change.catalogues.removed),
            removed_policies: ids(&change.policies.removed),
            removed_plans: ids(&change.plans.removed),
            removed_bundles: ids(&change.bundles.removed),
        }
    }
}

impl TryFrom<v1::SnapshotChange> for Change {
    type Error = FieldError;
    fn try_from(change: v1::SnapshotChange) -> Result<Self, FieldError> {
        let put: Snapshot = change.put.ok_or(FieldError::missing("put"))?.try_into()?;
        Ok(Self {
            from: change.from_revision,
            to: put.revision,
            upstreams: changed(
                put.upstreams,
                "removed_upstreams",
                &change.removed_upstreams,
            )?,
            catalogues: changed(
                put.catalogues,
                "removed_catalogues",
                &change.removed_catalogues,
            )?,
            policies: changed(put.policies, "removed_policies", &change.removed_policies)?,
            plans: changed(put.plans, "removed_plans", &change.removed_plans)?,
            bundles: changed(put.bundles, "removed_bundles", &change.removed_bundles)?,
        })
    }
}
