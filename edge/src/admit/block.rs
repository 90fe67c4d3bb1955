//! What one edge has of a month's quota.

use ostia_domain::clock::{self, Timestamp};
use std::time::Instant;

/// The next block is asked for when this part of the one before is left.
const LOW: u64 = 4;

/// Nothing at first.
#[derive(Default)]
pub(super) struct Block {
    left: u64,
    size: u64,
    /// Of the month, besides this block.
    remaining: u64,
    pub(super) month: u32,
    pub(super) resets_at: Option<Timestamp>,
    /// When control said that there is nothing more.
    pub(super) used_up: Option<Instant>,
}

/// What control gave out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leased {
    /// 0: the month's quota is used up.
    pub(super) granted: u64,
    /// Of the month, for further blocks.
    pub(super) remaining: u64,
    pub(super) month: u32,
    pub(super) resets_at: Option<Timestamp>,
}

impl Block {
    /// Whether there is a call in it, of this month.
    pub(super) fn has_one(&self, now: Timestamp) -> bool {
        self.left > 0 && self.is_of_this_month(now)
    }

    pub(super) fn is_of_this_month(&self, now: Timestamp) -> bool {
        self.resets_at.is_some_and(|end| now < end)
    }

    /// Takes one call, if there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let takes = self.has_one(now);
        self.left -= u64::from(takes);
        takes
    }

    /// A call that was taken in this month and not made.
    pub(super) fn give_back(&mut self, month: u32) {
        if self.month == month {
            self.left += 1;
        }
    }

    /// Whether it is time to ask for the next.
    pub(super) fn is_low(&self) -> bool {
        self.left < self.size / LOW && self.remaining > 0
    }

    /// Calls of the month that are not known to be taken.
    pub(super) fn known_left(&self) -> u64 {
        self.left + self.remaining
    }

    pub(super) fn add(&mut self, leased: Leased) {
        if self.month != leased.month {
            *self = Self::default();
        }
        self.left += leased.granted;
        self.size = self.left;
        self.remaining = leased.remaining;
        self.month = leased.month;
        self.resets_at = leased.resets_at;
        self.used_up = (leased.granted == 0).then(clock::instant);
    }

    /// What no call took, and of which month.
    pub(super) fn empty(&mut self) -> (u32, u64) {
        (self.month, std::mem::take(&mut self.left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::{collection::vec, prelude::*};

    const EDGES: usize = 3;
    /// Control's blocks in this model.
    const BLOCK: u64 = 4;

    /// A month of ten days, for a clock that passes several.
    fn month(now: Timestamp) -> (u32, Timestamp) {
        let tenths = now.timestamp() / TimeDelta::days(10).num_seconds();
        let number = u32::try_from(tenths).unwrap();
        (number, at((tenths + 1) * 240))
    }

    fn at(hours: i64) -> Timestamp {
        DateTime::from_timestamp(hours * 3_600, 0).unwrap()
    }

    /// What control keeps: how much of which month is out.
    #[derive(Default)]
    struct Ledger {
        month: u32,
        leased: u64,
    }

    impl Ledger {
        fn of(&mut self, now: Timestamp) -> &mut Self {
            if self.month != month(now).0 {
                *self = Self {
                    month: month(now).0,
                    leased: 0,
                };
            }
            self
        }

        fn lease(&mut self, quota: u64, now: Timestamp) -> Leased {
            let ledger = self.of(now);
            let granted = BLOCK.min(quota - ledger.leased);
            ledger.leased += granted;
            Leased {
                granted,
                remaining: quota - ledger.leased,
                month: ledger.month,
                resets_at: Some(month(now).1),
            }
        }

        fn bring_back(&mut self, (of, calls): (u32, u64), now: Timestamp) {
            let ledger = self.of(now);
            if ledger.month == of {
                ledger.leased -= calls;
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// At this edge; made, or given back after so many hours.
        Call(usize, Option<i64>),
        Wait(i64),
        Restart(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let given_back = prop_oneof![3 => Just(None), 1 => (0..60i64).prop_map(Some)];
        prop_oneof![
            8 => (0..EDGES, given_back).prop_map(|(edge, back)| Step::Call(edge, back)),
            1 => (1..100i64).prop_map(Step::Wait),
            1 => (0..EDGES).prop_map(Step::Restart),
        ]
    }

    proptest! {
        /// No month has more calls than its quota; one is refused only when every call of the month is made or
        /// in the hands of another edge; and what edges hold at the end is all that nobody used.
        #[test]
        fn no_call_of_a_month_is_lost_or_made_twice(quota in 1u64..30, steps in vec(step(), 1..200)) {
            let mut edges: [Block; EDGES] = std::array::from_fn(|_| Block::default());
            let (mut ledger, mut hours) = (Ledger::default(), 24_000);
            let (mut made, mut counted) = (0, month(at(hours)).0);
            for step in steps {
                match step {
                    Step::Wait(more) => hours += more,
                    Step::Restart(edge) => {
                        ledger.bring_back(edges[edge].empty(), at(hours));
                        edges[edge] = Block::default();
                    }
                    Step::Call(edge, given_back) => {
                        let now = at(hours);
                        if !edges[edge].has_one(now) {
                            edges[edge].add(ledger.lease(quota, now));
                        }
                        if month(now).0 != counted {
                            (made, counted) = (0, month(now).0);
                        }
                        let taken = edges[edge].take(now);
                        let held: u64 = edges
                            .iter()
                            .filter(|block| block.is_of_this_month(now))
                            .map(|block| block.left)
                            .sum();
                        prop_assert!(taken || made + held == quota, "{made} made, {held} held");
                        prop_assert_eq!(edges[edge].used_up.is_some(), !taken);
                        match given_back {
                            Some(after) if taken => {
                                hours += after;
                                edges[edge].give_back(counted);
                            }
                            _ => made += u64::from(taken),
                        }
                        prop_assert!(made <= quota, "{made} of {quota}");
                    }
                }
            }
            for edge in &mut edges {
                ledger.bring_back(edge.empty(), at(hours));
            }
            let made = if month(at(hours)).0 == counted { made } else { 0 };
            prop_assert_eq!(ledger.of(at(hours)).leased, made);
        }
    }
}
