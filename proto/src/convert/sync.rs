use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::snapshot::{Change, Changed, Kind, Object, Objects, Snapshot, objects};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn all<A: Clone, B: From<A>>(from: &Objects<A>) -> Vec<B> {
    let from = from.values();
    from.map(|object| A::clone(object).into()).collect()
}

/// What was left out of what was sent, because it cannot be read, and why. The rest is good without it: what is
/// governed by something that is not there is refused, and what is not there is offered to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<(Kind, Uuid), FieldError>);

impl LeftOut {
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Uuid, &FieldError)> {
        let all = self.0.iter();
        all.map(|((kind, id), problem)| (*kind, id, problem))
    }

    /// What is left out once a change was made, of which `newer` is left out.
    #[must_use]
    pub fn after(mut self, change: &Change, newer: Self) -> Self {
        self.0.retain(|(kind, id), _| !change.is_about(*kind, id));
        self.0.extend(newer.0);
        self
    }

    /// The objects that can be read. Of what has no id nobody can tell what goes without it: then nothing of the
    /// message is good.
    fn keep<A, B>(&mut self, kind: Kind, from: Vec<A>) -> Result<Objects<B>, FieldError>
    where
        A: Identified,
        B: Object + TryFrom<A, Error = FieldError>,
    {
        let mut read = Vec::with_capacity(from.len());
        for object in from {
            let id = object.id()?;
            match B::try_from(object) {
                Ok(object) => read.push(object),
                Err(problem) => {
                    self.0.insert((kind, id), problem);
                }
            }
        }
        Ok(objects(read))
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = Uuid> {
        let ids = self.0.keys().filter(move |(of, _)| *of == kind);
        ids.map(|(_, id)| *id)
    }
}

/// Has the id of an object, which can be read where the object cannot.
trait Identified {
    fn id(&self) -> Result<Uuid, FieldError>;
}

macro_rules! identified {
    ($($message:ident by $id:ident,)*) => {
        $(impl Identified for v1::$message {
            fn id(&self) -> Result<Uuid, FieldError> {
                uuid(concat!(stringify!($message), ".", stringify!($id)), &self.$id)
            }
        })*
    };
}

identified! {
    Upstream by id,
    Catalogue by upstream_id,
    Policy by id,
    Plan by id,
    Bundle by id,
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

    /// With what had to be left out. Fails where nobody could tell what that is.
    pub fn read(self) -> Result<(Snapshot, LeftOut), FieldError> {
        let mut left_out = LeftOut::default();
        let snapshot = Snapshot {
            revision: self.revision,
            upstreams: left_out.keep(Kind::Upstream, self.upstreams)?,
            catalogues: left_out.keep(Kind::Catalogue, self.catalogues)?,
            policies: left_out.keep(Kind::Policy, self.policies)?,
            plans: left_out.keep(Kind::Plan, self.plans)?,
            bundles: left_out.keep(Kind::Bundle, self.bundles)?,
        };
        Ok((snapshot, left_out))
    }
}

fn ids(from: &BTreeSet<Uuid>) -> Vec<String> {
    from.iter().map(Uuid::to_string).collect()
}

/// What cannot be read is gone: what it was before is not how things are.
fn changed<T>(
    put: Objects<T>,
    left_out: impl Iterator<Item = Uuid>,
    field: &'static str,
    removed: &[String],
) -> Result<Changed<T>, FieldError> {
    let removed = removed.iter().map(|id| uuid(field, id));
    let removed = removed.chain(left_out.map(Ok));
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

impl v1::SnapshotChange {
    /// As [`v1::Snapshot::read`].
    pub fn read(self) -> Result<(Change, LeftOut), FieldError> {
        let (put, left_out) = self.put.ok_or(FieldError::missing("put"))?.read()?;
        let change = Change {
            from: self.from_revision,
            to: put.revision,
            upstreams: changed(
                put.upstreams,
                left_out.of(Kind::Upstream),
                "removed_upstreams",
                &self.removed_upstreams,
            )?,
            catalogues: changed(
                put.catalogues,
                left_out.of(Kind::Catalogue),
                "removed_catalogues",
                &self.removed_catalogues,
            )?,
            policies: changed(
                put.policies,
                left_out.of(Kind::Policy),
                "removed_policies",
                &self.removed_policies,
            )?,
            plans: changed(
                put.plans,
                left_out.of(Kind::Plan),
                "removed_plans",
                &self.removed_plans,
            )?,
            bundles: changed(
                put.bundles,
                left_out.of(Kind::Bundle),
                "removed_bundles",
                &self.removed_bundles,
            )?,
        };
        Ok((change, left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::{
        plan::{Limits, Plan},
        policy::{Policy, Rules},
    };

    fn snapshot() -> Snapshot {
        let policy = |n| Policy {
            id: Uuid::from_u128(n),
            name: n.to_string(),
            rules: Rules::everything(),
            preset: None,
        };
        let plan = Plan {
            id: Uuid::from_u128(1),
            name: "plan".to_owned(),
            limits: Limits::default(),
        };
        Snapshot {
            revision: 1,
            policies: objects([policy(1), policy(2)]),
            plans: objects([plan]),
            ..Snapshot::default()
        }
    }

    fn message(snapshot: &Snapshot) -> v1::Snapshot {
        v1::Snapshot::of(snapshot, String::new())
    }

    /// Rules as a newer version may write them.
    fn newer(policy: &mut v1::Policy) {
        policy.rules.as_mut().unwrap().needs = u32::MAX;
    }

    fn names(left_out: &LeftOut) -> Vec<(Kind, u128)> {
        let all = left_out.iter();
        all.map(|(kind, id, _)| (kind, id.as_u128())).collect()
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_nothing_else() {
        let all = snapshot();
        let mut sent = message(&all);
        assert_eq!(sent.clone().read(), Ok((all, LeftOut::default())));
        newer(&mut sent.policies[0]);
        sent.plans[0].limits = Some(v1::Limits {
            max_in_flight: Some(0),
            ..v1::Limits::default()
        });
        let (read, left_out) = sent.read().unwrap();
        assert_eq!(names(&left_out), [(Kind::Policy, 1), (Kind::Plan, 1)]);
        assert_eq!((read.policies.len(), read.plans.len()), (1, 0));
    }

    #[test]
    fn rules_of_a_kind_that_is_not_known_are_not_read() {
        for odd in [
            |rules: &mut v1::Rules| rules.needs = u32::MAX,
            |rules: &mut v1::Rules| rules.max_tier = 99,
        ] {
            let mut rules = v1::Rules::from(Rules::everything());
            assert_eq!(Rules::try_from(rules.clone()), Ok(Rules::everything()));
            odd(&mut rules);
            assert!(Rules::try_from(rules).is_err());
        }
    }

    /// A change to what cannot be read takes away what could be, and the next one may bring it back.
    #[test]
    fn a_change_that_cannot_be_read_removes() {
        let old = snapshot();
        let renamed = |snapshot: &Snapshot, revision| {
            let mut snapshot = snapshot.clone();
            snapshot.revision = revision;
            for policy in snapshot.policies.values_mut() {
                let policy = std::sync::Arc::make_mut(policy);
                policy.name = format!("{} at {revision}", policy.id);
            }
            snapshot
        };
        let (second, third) = (renamed(&old, 2), renamed(&old, 3));
        let mut sent = v1::SnapshotChange::from(&Change::between(&old, &second));
        newer(&mut sent.put.as_mut().unwrap().policies[0]);
        let (change, newer) = sent.read().unwrap();
        let left_out = LeftOut::default().after(&change, newer);
        let edge = old.with(&change).unwrap();
        assert_eq!(names(&left_out), [(Kind::Policy, 1)]);
        let policies: Vec<_> = edge.policies.values().map(|policy| &policy.name).collect();
        assert_eq!(policies, [&second.policies[&Uuid::from_u128(2)].name]);

        let (change, newer) = v1::SnapshotChange::from(&Change::between(&second, &third))
            .read()
            .unwrap();
        assert_eq!(left_out.after(&change, newer), LeftOut::default());
        assert_eq!(edge.with(&change), Some(third));
    }

    #[test]
    fn a_message_with_an_object_that_nobody_can_name_is_not_read() {
        let mut sent = message(&snapshot());
        sent.policies[1].id = "2".to_owned();
        assert_eq!(sent.read().unwrap_err().field, "Policy.id");
        let mut sent = v1::SnapshotChange::from(&Change::between(&snapshot(), &snapshot()));
        sent.removed_plans = vec![String::new()];
        assert_eq!(sent.read().unwrap_err().field, "removed_plans");
    }
}
