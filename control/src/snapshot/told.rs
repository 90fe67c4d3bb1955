//! What watchers are told: the newest snapshot, and the changes that led to it.

use ostia_domain::snapshot::{Change, Snapshot};
use std::{collections::VecDeque, sync::Arc};
use uuid::Uuid;

/// Changes that are remembered: a watcher that is further behind gets a whole snapshot.
const REMEMBERED: usize = 64;

pub(crate) struct Told {
    /// Another one when the past is not what it was.
    source: Uuid,
    pub(crate) snapshot: Arc<Snapshot>,
    /// Oldest first, each one from where the one before led to.
    changes: VecDeque<Arc<Change>>,
}

/// Which snapshot a watcher has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Has {
    pub(crate) source: Uuid,
    pub(crate) revision: u64,
}

impl Told {
    pub(super) fn first(snapshot: Snapshot) -> Self {
        Self {
            source: Uuid::new_v4(),
            snapshot: Arc::new(snapshot),
            changes: VecDeque::new(),
        }
    }

    /// With a newer snapshot, which shares with the last one what is the same. One that is not newer was
    /// put back to an earlier time: then nobody can go on from what there was.
    pub(super) fn and(&self, newer: Snapshot) -> Self {
        let change = Change::between(&self.snapshot, &newer);
        let next = Snapshot::clone(&self.snapshot).with(&change);
        let Some(next) = next.filter(|next| next.revision > self.snapshot.revision) else {
            return Self::first(newer);
        };
        let forgotten = (self.changes.len() + 1).saturating_sub(REMEMBERED);
        let mut changes: VecDeque<_> = self.changes.iter().skip(forgotten).cloned().collect();
        changes.push_back(Arc::new(change));
        Self {
            source: self.source,
            snapshot: Arc::new(next),
            changes,
        }
    }

    pub(crate) fn has(&self) -> Has {
        Has {
            source: self.source,
            revision: self.snapshot.revision,
        }
    }

    pub(crate) fn source(&self) -> String {
        self.source.to_string()
    }

    /// What makes the snapshot that a watcher has into this one, as one change. `None`: that is not known.
    pub(super) fn since(&self, has: Has) -> Option<Arc<Change>> {
        if has.source != self.source {
            return None;
        }
        if has.revision == self.snapshot.revision {
            return Some(Arc::new(Change {
                from: has.revision,
                to: has.revision,
                ..Change::default()
            }));
        }
        let at = self
            .changes
            .iter()
            .position(|change| change.from == has.revision)?;
        let mut missed = self.changes.iter().skip(at);
        let first = missed.next()?;
        // Mostly the watcher missed nothing before it.
        if missed.len() == 0 {
            return Some(Arc::clone(first));
        }
        let all = missed.fold(Change::clone(first), |all, later| all.followed_by(later));
        Some(Arc::new(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::{
        plan::{Limits, Plan},
        snapshot::objects,
    };
    use proptest::{collection::vec, prelude::*};

    fn snapshot(revision: u64, plans: &[u8]) -> Snapshot {
        let plan = |(id, name): (u128, &u8)| Plan {
            id: Uuid::from_u128(id),
            name: name.to_string(),
            limits: Limits::default(),
        };
        Snapshot {
            revision,
            plans: objects((0..).zip(plans).map(plan)),
            ..Snapshot::default()
        }
    }

    proptest! {
        /// However far behind a watcher is, it gets there, or is told that it has to begin again: when it is
        /// too far behind, and when the database was put back.
        #[test]
        fn a_watcher_gets_to_the_newest_snapshot(
            states in vec((vec(0u8..3, 0..4), 1u64..3), 2..100),
            back in prop::option::of(0usize..100),
            behind in any::<prop::sample::Index>(),
        ) {
            let mut revision = 1_000;
            let mut told = Told::first(snapshot(revision, &[]));
            let mut seen = vec![(told.has(), Arc::clone(&told.snapshot))];
            let mut put_back_at = 0;
            for (n, (plans, step)) in states.iter().enumerate() {
                if back == Some(n) {
                    revision -= 500;
                    put_back_at = seen.len();
                } else {
                    revision += step;
                }
                told = told.and(snapshot(revision, plans));
                prop_assert_eq!(&*told.snapshot, &snapshot(revision, plans));
                seen.push((told.has(), Arc::clone(&told.snapshot)));
            }
            let watcher = behind.index(seen.len());
            let (has, snapshot) = &seen[watcher];
            let known = watcher >= put_back_at && seen.len() - 1 - watcher <= REMEMBERED;
            let change = told.since(*has);
            prop_assert_eq!(change.is_some(), known);
            if let Some(change) = change {
                let now = Snapshot::clone(snapshot).with(&change);
                prop_assert_eq!(now.as_ref(), Some(&*told.snapshot));
            }
        }
    }
}
