//! What control said of keys, as long as it holds.
//!
//! Control tells of a change of a key once. What it said of the key before may still be on its way then, waiting for
//! a snapshot, so that there is nothing yet to forget. Whoever asks control therefore takes the moment before they
//! ask, and what came is kept, and served, only where its key has not changed since that moment. Looking and keeping
//! is one step, as forgetting is.

use moka::sync::Cache;
use ostia_domain::{code::Code, principal::Principal};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const MAX_KEYS: u64 = 100_000;
/// How long a refused key is refused without asking; a change of any key ends it.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// Keys whose last change is remembered one by one. Beyond that, all count as changed.
const MAX_CHANGED: usize = 10_000;

pub type Digest = [u8; 32];

/// What control said of a key.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) principal: Arc<Principal>,
    /// Over which changes came then.
    pub(super) connection: u64,
    pub(super) at: Instant,
}

/// Before or after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

pub(super) struct Known {
    verified: Cache<Digest, Verified>,
    refused: Cache<Digest, Code>,
    /// Held while anything is kept or forgotten.
    changes: Mutex<Changes>,
    /// Counts what is kept, forgotten or put in doubt.
    version: AtomicU64,
}

#[derive(Default)]
struct Changes {
    last: Moment,
    /// When each of these keys changed last.
    of_keys: HashMap<Uuid, Moment>,
    /// When any key may have changed.
    of_all: Moment,
}

impl Changes {
    /// These keys changed; an empty list is all of them.
    fn note(&mut self, ids: &HashSet<Uuid>) {
        self.last.0 += 1;
        if ids.is_empty() || self.of_keys.len() + ids.len() > MAX_CHANGED {
            self.of_keys.clear();
            self.of_all = self.last;
        } else {
            self.of_keys.extend(ids.iter().map(|id| (*id, self.last)));
        }
    }

    fn since(&self, moment: Moment, key: Uuid) -> bool {
        let of_key = self.of_keys.get(&key).copied();
        self.of_all.max(of_key.unwrap_or_default()) > moment
    }
}

impl Known {
    /// `longest`: how long what is verified may be worth anything.
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            verified: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(longest)
                .build(),
            refused: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(REFUSED_FOR)
                .build(),
            changes: Mutex::default(),
            version: AtomicU64::new(0),
        }
    }

    pub(super) fn verified(&self, digest: &Digest) -> Option<Verified> {
        self.verified.get(digest)
    }

    pub(super) fn refused(&self, digest: &Digest) -> Option<Code> {
        self.refused.get(digest)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Arc<Digest>, Verified)> + '_ {
        self.verified.iter()
    }

    /// Changes with everything that is kept or forgotten.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// To be taken before control is asked.
    pub(super) fn moment(&self) -> Moment {
        self.changes().last
    }

    /// Keeps what control was asked for at that moment. `false`: its key has changed since, so that it holds for
    /// nobody.
    pub(super) fn keep(&self, digest: Digest, verified: Verified, asked: Moment) -> bool {
        let changes = self.changes();
        let holds = !changes.since(asked, verified.principal.key_id);
        if holds {
            self.verified.insert(digest, verified);
            self.version.fetch_add(1, Ordering::Relaxed);
        }
        holds
    }

    /// A refusal does not say of which key it is.
    pub(super) fn keep_refused(&self, digest: Digest, code: Code, asked: Moment) {
        let changes = self.changes();
        if changes.last == asked {
            self.refused.insert(digest, code);
        }
    }

    /// What was known before this process began. What control said since is better.
    pub(super) fn restore(&self, digest: Digest, verified: Verified) {
        let _alone = self.changes();
        self.verified.entry(digest).or_insert(verified);
    }

    /// Control refuses it now.
    pub(super) fn drop_one(&self, digest: &Digest) {
        let _alone = self.changes();
        self.verified.invalidate(digest);
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// These keys changed; an empty list is all of them.
    pub(super) fn forget(&self, ids: &HashSet<Uuid>) {
        let mut changes = self.changes();
        self.changed(&mut changes, ids);
        for (digest, known) in &self.verified {
            if ids.is_empty() || ids.contains(&known.principal.key_id) {
                self.verified.invalidate(digest.as_ref());
            }
        }
    }

    /// Any key may have changed: nothing that is on its way holds, nor any refusal.
    pub(super) fn doubt(&self) {
        self.changed(&mut self.changes(), &HashSet::new());
    }

    fn changed(&self, changes: &mut Changes, ids: &HashSet<Uuid>) {
        changes.note(ids);
        self.version.fetch_add(1, Ordering::Relaxed);
        self.refused.invalidate_all();
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::principal;
    use ostia_domain::clock;
    use proptest::{collection::vec, prelude::*};

    const KEYS: u8 = 3;

    fn id(key: u8) -> Uuid {
        Uuid::from_u128(u128::from(key) + 1)
    }

    /// Of a key as it was after so many changes.
    fn verdict(key: u8, changes: u64) -> Verified {
        Verified {
            principal: Arc::new(Principal {
                key_id: id(key),
                ..principal()
            }),
            connection: changes,
            at: clock::instant(),
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// A request with this key asks control.
        Ask(u8),
        /// Control looks at the key that one of those who wait asked about.
        Look(usize),
        /// What control saw arrives.
        Arrive(usize),
        /// A key changes at control.
        Change(u8),
        /// The edge is told of what changed; or that anything may have, in two ways.
        Tell,
        TellAll,
        Doubt,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..KEYS).prop_map(Step::Ask),
            6 => any::<usize>().prop_map(Step::Look),
            6 => any::<usize>().prop_map(Step::Arrive),
            3 => (0..KEYS).prop_map(Step::Change),
            3 => Just(Step::Tell),
            1 => Just(Step::TellAll),
            1 => Just(Step::Doubt),
        ]
    }

    struct Ask {
        key: u8,
        at: Moment,
        saw: Option<u64>,
    }

    proptest! {
        /// In whatever order questions, answers and news of changes come: what is served, and what is kept for
        /// later, is never older than the last change of the key that the edge was told of.
        #[test]
        fn no_verdict_outlives_a_change(steps in vec(step(), 1..80)) {
            let known = Known::new(Duration::from_secs(60));
            // Changes of each key at control, and how many of them the edge knows of.
            let (mut changes, mut told) = ([0u64; KEYS as usize], [0u64; KEYS as usize]);
            let mut asks: Vec<Ask> = Vec::new();
            for step in steps {
                match step {
                    Step::Ask(key) => {
                        let at = known.moment();
                        asks.push(Ask { key, at, saw: None });
                    }
                    Step::Look(which) if !asks.is_empty() => {
                        let which = which % asks.len();
                        let ask = &mut asks[which];
                        ask.saw.get_or_insert(changes[usize::from(ask.key)]);
                    }
                    Step::Arrive(which) if !asks.is_empty() => {
                        let ask = asks.swap_remove(which % asks.len());
                        let Some(saw) = ask.saw else { continue };
                        let serves = known.keep([ask.key; 32], verdict(ask.key, saw), ask.at);
                        prop_assert!(!serves || saw >= told[usize::from(ask.key)], "served: {saw}");
                    }
                    Step::Look(_) | Step::Arrive(_) => {}
                    Step::Change(key) => changes[usize::from(key)] += 1,
                    Step::Tell => {
                        let news = (0..KEYS)
                            .filter(|key| told[usize::from(*key)] < changes[usize::from(*key)]);
                        let ids: HashSet<_> = news.map(id).collect();
                        if !ids.is_empty() {
                            known.forget(&ids);
                        }
                        told = changes;
                    }
                    Step::TellAll => {
                        known.forget(&HashSet::new());
                        told = changes;
                    }
                    Step::Doubt => known.doubt(),
                }
                for key in 0..KEYS {
                    let kept = known.verified(&[key; 32]).map(|verified| verified.connection);
                    let least = told[usize::from(key)];
                    prop_assert!(kept.is_none_or(|saw| saw >= least), "kept: {kept:?} of {least}");
                }
            }
        }
    }

    /// Another key's change is no reason to ask again; more changes than are remembered are one.
    #[test]
    fn what_did_not_change_is_kept() {
        let known = Known::new(Duration::from_secs(60));
        let asked = known.moment();
        known.forget(&HashSet::from([id(1)]));
        assert!(known.keep([0; 32], verdict(0, 0), asked));
        assert!(!known.keep([1; 32], verdict(1, 0), asked));
        assert!(known.keep([1; 32], verdict(1, 0), known.moment()));
        let many = (0..=MAX_CHANGED).map(|n| Uuid::from_u128(1_000 + n as u128));
        known.forget(&many.collect());
        assert!(!known.keep([0; 32], verdict(0, 0), asked));
    }

    #[test]
    fn a_refusal_holds_until_anything_changes() {
        let known = Known::new(Duration::from_secs(60));
        let asked = known.moment();
        known.keep_refused([0; 32], Code::KeyRevoked, asked);
        assert_eq!(known.refused(&[0; 32]), Some(Code::KeyRevoked));
        known.forget(&HashSet::from([id(1)]));
        assert_eq!(known.refused(&[0; 32]), None);
        known.keep_refused([0; 32], Code::KeyRevoked, asked);
        assert_eq!(known.refused(&[0; 32]), None);
    }

    /// What control said in this life of the edge is not replaced by what is on its disk.
    #[test]
    fn what_is_restored_replaces_nothing() {
        let known = Known::new(Duration::from_secs(60));
        assert!(known.keep([0; 32], verdict(0, 7), known.moment()));
        known.restore([0; 32], verdict(0, 1));
        known.restore([1; 32], verdict(1, 1));
        let kept = |key| known.verified(&[key; 32]).map(|kept| kept.connection);
        assert_eq!((kept(0), kept(1)), (Some(7), Some(1)));
    }
}
