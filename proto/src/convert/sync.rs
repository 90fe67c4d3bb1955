use super::{FieldError, all};
use crate::v1;
use ostia_domain::snapshot::Snapshot;

fn try_all<A, B>(from: Vec<A>) -> Result<Vec<B>, FieldError>
where
    B: TryFrom<A, Error = FieldError>,
{
    from.into_iter().map(TryInto::try_into).collect()
}

impl From<Snapshot> for v1::Snapshot {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            revision: snapshot.revision,
            upstreams: all(snapshot.upstreams),
            catalogues: all(snapshot.catalogues),
            policies: all(snapshot.policies),
            plans: all(snapshot.plans),
            bundles: all(snapshot.bundles),
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
