//! Everything an edge needs to serve, at one revision, and what makes one revision into another.

use crate::{
    bundle::Bundle,
    plan::Plan,
    policy::Policy,
    upstream::{Catalogue, Upstream},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// What snapshots have, known by an id that never changes.
pub trait Object: Clone + Eq {
    fn id(&self) -> Uuid;
}

/// Of one kind, by id. Snapshots share what did not change between them.
pub type Objects<T> = BTreeMap<Uuid, Arc<T>>;

pub fn objects<T: Object>(all: impl IntoIterator<Item = T>) -> Objects<T> {
    let all = all.into_iter();
    all.map(|object| (object.id(), Arc::new(object))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Upstream,
    Catalogue,
    Policy,
    Plan,
    Bundle,
}

impl Kind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Catalogue => "catalogue",
            Self::Policy => "policy",
            Self::Plan => "plan",
            Self::Bundle => "bundle",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Grows with every change; never repeats.
    pub revision: u64,
    pub upstreams: Objects<Upstream>,
    /// By the id of their upstream.
    pub catalogues: Objects<Catalogue>,
    pub policies: Objects<Policy>,
    pub plans: Objects<Plan>,
    pub bundles: Objects<Bundle>,
}

/// What became of the objects of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// New, or other than before.
    pub put: Objects<T>,
    pub removed: BTreeSet<Uuid>,
}

/// What makes the snapshot of one revision into that of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub from: u64,
    pub to: u64,
    pub upstreams: Changed<Upstream>,
    pub catalogues: Changed<Catalogue>,
    pub policies: Changed<Policy>,
    pub plans: Changed<Plan>,
    pub bundles: Changed<Bundle>,
}

impl Change {
    pub fn between(old: &Snapshot, new: &Snapshot) -> Self {
        Self {
            from: old.revision,
            to: new.revision,
            upstreams: Changed::between(&old.upstreams, &new.upstreams),
            catalogues: Changed::between(&old.catalogues, &new.catalogues),
            policies: Changed::between(&old.policies, &new.policies),
            plans: Changed::between(&old.plans, &new.plans),
            bundles: Changed::between(&old.bundles, &new.bundles),
        }
    }

    /// Whether it says anything of this object.
    pub fn is_about(&self, kind: Kind, id: &Uuid) -> bool {
        match kind {
            Kind::Upstream => self.upstreams.is_about(id),
            Kind::Catalogue => self.catalogues.is_about(id),
            Kind::Policy => self.policies.is_about(id),
            Kind::Plan => self.plans.is_about(id),
            Kind::Bundle => self.bundles.is_about(id),
        }
    }

    /// This, and then what came after it.
    #[must_use]
    pub fn followed_by(mut self, later: &Self) -> Self {
        self.to = later.to;
        self.upstreams.follow(&later.upstreams);
        self.catalogues.follow(&later.catalogues);
        self.policies.follow(&later.policies);
        self.plans.follow(&later.plans);
        self.bundles.follow(&later.bundles);
        self
    }
}

impl Snapshot {
    /// As it is after a change. `None`: the change is one of another revision.
    #[must_use]
    pub fn with(mut self, change: &Change) -> Option<Self> {
        if self.revision != change.from {
            return None;
        }
        self.revision = change.to;
        change.upstreams.apply(&mut self.upstreams);
        change.catalogues.apply(&mut self.catalogues);
        change.policies.apply(&mut self.policies);
        change.plans.apply(&mut self.plans);
        change.bundles.apply(&mut self.bundles);
        Some(self)
    }
}

impl<T> Default for Changed<T> {
    fn default() -> Self {
        Self {
            put: Objects::new(),
            removed: BTreeSet::new(),
        }
    }
}

impl<T: Object> Changed<T> {
    fn between(old: &Objects<T>, new: &Objects<T>) -> Self {
        let put = new
            .iter()
            .filter(|(id, object)| old.get(id) != Some(object))
            .map(|(id, object)| (*id, Arc::clone(object)));
        let removed = old.keys().filter(|id| !new.contains_key(id));
        Self {
            put: put.collect(),
            removed: removed.copied().collect(),
        }
    }

    fn is_about(&self, id: &Uuid) -> bool {
        self.put.contains_key(id) || self.removed.contains(id)
    }

    fn follow(&mut self, later: &Self) {
        for id in &later.removed {
            self.put.remove(id);
            self.removed.insert(*id);
        }
        for (id, object) in &later.put {
            self.removed.remove(id);
            self.put.insert(*id, Arc::clone(object));
        }
    }

    fn apply(&self, objects: &mut Objects<T>) {
        for id in &self.removed {
            objects.remove(id);
        }
        for (id, object) in &self.put {
            objects.insert(*id, Arc::clone(object));
        }
    }
}

impl Object for Upstream {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl Object for Catalogue {
    fn id(&self) -> Uuid {
        self.upstream_id
    }
}

impl Object for Policy {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl Object for Plan {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl Object for Bundle {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle::Selection, name::UpstreamName, plan::Limits, policy::Rules};
    use proptest::{
        collection::{btree_map, vec},
        prelude::*,
    };

    /// Few ids and few values, so that objects stay, change, go and come back.
    fn some() -> impl Strategy<Value = BTreeMap<u128, u8>> {
        btree_map(0u128..5, 0u8..3, 0..5)
    }

    fn snapshot(
        revision: u64,
        plans: &BTreeMap<u128, u8>,
        others: &BTreeMap<u128, u8>,
    ) -> Snapshot {
        let plan = |(id, value): (&u128, &u8)| Plan {
            id: Uuid::from_u128(*id),
            name: value.to_string(),
            limits: Limits::default(),
        };
        let policy = |(id, value): (&u128, &u8)| Policy {
            id: Uuid::from_u128(*id),
            name: value.to_string(),
            rules: Rules::default(),
            preset: None,
        };
        let bundle = |(id, value): (&u128, &u8)| Bundle {
            id: Uuid::from_u128(*id),
            name: UpstreamName::new(value.to_string()).unwrap(),
            selection: Selection::default(),
        };
        Snapshot {
            revision,
            policies: objects(others.iter().map(policy)),
            plans: objects(plans.iter().map(plan)),
            bundles: objects(plans.iter().chain(others).map(bundle)),
            ..Snapshot::default()
        }
    }

    proptest! {
        /// One by one, several as one, and all as one: the end is the same as if it was sent whole.
        #[test]
        fn changes_lead_to_the_snapshot_that_they_were_made_from(
            states in vec((some(), some()), 2..12),
            split in any::<prop::sample::Index>(),
        ) {
            let states: Vec<_> = states
                .iter()
                .zip(1..)
                .map(|((plans, others), revision)| snapshot(revision, plans, others))
                .collect();
            let changes: Vec<_> = states.windows(2).map(|pair| Change::between(&pair[0], &pair[1])).collect();
            let mut edge = states[0].clone();
            for (change, whole) in changes.iter().zip(&states[1..]) {
                edge = edge.with(change).unwrap();
                prop_assert_eq!(&edge, whole);
            }
            let split = split.index(changes.len());
            let (first, rest) = (&states[split], &changes[split..]);
            let one = rest[1..].iter().fold(rest[0].clone(), Change::followed_by);
            let last = first.clone().with(&one);
            prop_assert_eq!(last.as_ref(), states.last());
            // Never on top of anything else.
            prop_assert_eq!(edge.with(&one), None);
        }

        #[test]
        fn what_stays_is_not_in_a_change(state in some(), others in some()) {
            let (old, new) = (snapshot(1, &state, &others), snapshot(2, &state, &others));
            let nothing = Change { from: 1, to: 2, ..Change::default() };
            prop_assert_eq!(Change::between(&old, &new), nothing);
        }
    }
}
