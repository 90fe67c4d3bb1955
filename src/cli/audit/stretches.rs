//! What was there of each chain when it was verified, and whether it still is.
//!
//! That retention removed an event is written in the database, where somebody can write it of any event. So it is
//! believed here of no day that retention has not reached.

use super::verify::{Chain, Problem};
use crate::cli::show::read;
use ostia_domain::clock::Timestamp;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Events one after the other in a chain and of the same day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stretch {
    writer: String,
    first_sequence: u64,
    last_sequence: u64,
    /// Of the last one.
    last_hash: String,
    /// Its beginning, UTC.
    day: Timestamp,
}

/// Since when nothing is old enough to be removed. Unset: nothing ever is.
#[derive(Clone, Copy, Default)]
pub(super) struct KeptSince {
    pub(super) calls: Option<Timestamp>,
    pub(super) changes: Option<Timestamp>,
}

impl Stretch {
    /// Unset: a control that says so of no day is not one that is to be believed.
    pub(super) fn of(stretch: v1::ChainStretch) -> Option<Self> {
        Some(Self {
            writer: stretch.writer,
            first_sequence: stretch.first_sequence,
            last_sequence: stretch.last_sequence,
            last_hash: stretch.last_hash,
            day: read(stretch.day)?,
        })
    }

    fn continues(&self, before: &Self) -> bool {
        self.writer == before.writer
            && self.day == before.day
            && self.first_sequence == before.last_sequence + 1
    }

    /// Whether all that was noted is in this one. It can be longer at its end only where the chain ended, and the
    /// control was asked for the hash there.
    fn has(&self, noted: &Self, end: u64) -> bool {
        self.day == noted.day
            && self.first_sequence <= noted.first_sequence
            && match self.last_sequence.checked_sub(noted.last_sequence) {
                Some(0) => self.last_hash == noted.last_hash,
                Some(_) => noted.last_sequence == end,
                None => false,
            }
    }

    fn problem(&self) -> Problem {
        let known = "is not what was noted earlier";
        Problem {
            writer: Some(self.writer.clone()),
            sequence: self.first_sequence,
            event_id: None,
            text: if self.first_sequence == self.last_sequence {
                format!("{known}, and not old enough to be removed")
            } else {
                format!(
                    "{known}, or one of the next up to {}, and not old enough to be removed",
                    self.last_sequence
                )
            },
        }
    }
}

/// In the order in which they were read.
pub(super) fn join(stretches: &mut Vec<Stretch>, more: impl IntoIterator<Item = Stretch>) {
    for stretch in more {
        match stretches.last_mut() {
            Some(last) if stretch.continues(last) => {
                last.last_sequence = stretch.last_sequence;
                last.last_hash = stretch.last_hash;
            }
            _ => stretches.push(stretch),
        }
    }
}

/// What was noted, and is not there though it cannot have been removed.
pub(super) fn compare(
    chains: &[Chain],
    noted: &[Stretch],
    found: &[Stretch],
    kept: KeptSince,
) -> Vec<Problem> {
    let chains: HashMap<_, _> = chains.iter().map(|c| (c.writer.as_str(), c)).collect();
    let mut there: HashMap<_, Vec<&Stretch>> = HashMap::new();
    for stretch in found {
        let of_writer = there.entry(stretch.writer.as_str()).or_default();
        of_writer.push(stretch);
    }
    let is_missing = |noted: &&Stretch| {
        let chain = chains.get(noted.writer.as_str());
        let since = match chain {
            Some(chain) if chain.kind == "calls" => kept.calls,
            _ => kept.changes,
        };
        if since.is_some_and(|since| noted.day < since) {
            return false;
        }
        let end = chain.map_or(0, |chain| chain.sequence);
        // In the order of their chain, unless somebody broke it, which verifying says.
        let there = there
            .get(noted.writer.as_str())
            .map_or(&[][..], Vec::as_slice);
        let after = there.partition_point(|one| one.last_sequence < noted.last_sequence);
        !there.get(after).is_some_and(|one| one.has(noted, end))
    };
    noted
        .iter()
        .filter(is_missing)
        .map(Stretch::problem)
        .collect()
}

impl KeptSince {
    pub(super) fn of(page: &v1::VerifyEventsResponse) -> Self {
        Self {
            calls: read(page.calls_kept_since),
            changes: read(page.changes_kept_since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(first_sequence: u64, last_sequence: u64, day: &str) -> Stretch {
        Stretch {
            writer: "w".to_owned(),
            first_sequence,
            last_sequence,
            last_hash: format!("hash of {last_sequence}"),
            day: format!("{day}T00:00:00Z").parse().unwrap(),
        }
    }

    /// How many of those noted are missed, where the chain ended with the last of them.
    fn missed(noted: &[Stretch], found: &[Stretch], since: &str) -> usize {
        let end = Chain {
            writer: "w".to_owned(),
            kind: "calls".to_owned(),
            started_at: None,
            sequence: noted.last().map_or(0, |last| last.last_sequence),
            hash: String::new(),
            pruned: 0,
        };
        let kept = KeptSince {
            calls: Some(format!("{since}T12:00:00Z").parse().unwrap()),
            changes: None,
        };
        compare(&[end], noted, found, kept).len()
    }

    #[test]
    fn what_pages_cut_is_one() {
        let mut all = vec![stretch(1, 2, "2026-11-01")];
        join(
            &mut all,
            [stretch(3, 5, "2026-11-01"), stretch(6, 6, "2026-11-02")],
        );
        join(&mut all, [stretch(8, 8, "2026-11-02")]);
        let whole = [
            stretch(1, 5, "2026-11-01"),
            stretch(6, 6, "2026-11-02"),
            stretch(8, 8, "2026-11-02"),
        ];
        assert_eq!(all, whole);
    }

    #[test]
    fn nothing_that_is_young_may_be_missing() {
        let noted = [stretch(1, 5, "2026-11-01"), stretch(6, 9, "2026-11-03")];
        let later = [stretch(1, 5, "2026-11-01"), stretch(6, 20, "2026-11-03")];
        for found in [&noted, &later] {
            assert_eq!(missed(&noted, found, "2026-10-01"), 0);
        }
        let young = "2026-10-01";
        let second = &noted[1];
        assert_eq!(
            missed(&noted, std::slice::from_ref(second), young),
            1,
            "all of a day"
        );
        let hole = [
            stretch(1, 2, "2026-11-01"),
            stretch(4, 5, "2026-11-01"),
            second.clone(),
        ];
        assert_eq!(missed(&noted, &hole, young), 1, "one of a day");
        let shorter = [noted[0].clone(), stretch(6, 8, "2026-11-03")];
        assert_eq!(missed(&noted, &shorter, young), 1, "the end");
        let dated = [stretch(1, 5, "2026-08-01"), second.clone()];
        assert_eq!(missed(&noted, &dated, young), 1, "of another day");
        let mut other = noted.clone();
        other[0].last_hash = "another".to_owned();
        assert_eq!(missed(&noted, &other, young), 1, "written anew");
        // Only where the chain ended somebody else says what the hash is.
        let grown = [stretch(1, 6, "2026-11-01"), stretch(7, 9, "2026-11-03")];
        assert_eq!(missed(&noted, &grown, young), 2);
        assert_eq!(missed(&noted, &[], young), 2);
    }

    #[test]
    fn what_is_old_enough_may_be_gone() {
        let noted = [stretch(1, 5, "2026-11-01"), stretch(6, 9, "2026-11-03")];
        let left = [stretch(6, 9, "2026-11-03")];
        assert_eq!(
            missed(&noted, &left, "2026-11-01"),
            0,
            "a part of the day is"
        );
        assert_eq!(missed(&noted, &left, "2026-10-31"), 1);
        assert_eq!(missed(&noted, &[], "2026-11-02"), 1);
    }
}
