//! What one edge has of a quota in one period, a day or a month.
//!
//! When a period ends, control says as a length of time, which is measured from when it said so. The clock of the
//! edge has no part in it: where that is wrong, nobody is refused, and no call counts for another period.

use ostia_domain::clock::Timestamp;
use std::time::Instant;

/// The next block is asked for when this part of the one before is left, or nothing.
const LOW: u64 = 4;

/// Nothing at first.
#[derive(Default)]
pub(super) struct Block {
    left: u64,
    size: u64,
    /// Of the period, besides this block.
    remaining: u64,
    /// Its number, as control gave it.
    pub(super) period: u32,
    /// To tell callers.
    pub(super) resets_at: Option<Timestamp>,
    /// Of the period.
    pub(super) ends: Option<Instant>,
    /// When control said that there is nothing more.
    pub(super) used_up: Option<Instant>,
}

/// What control gave out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leased {
    /// 0: the quota of the period is used up.
    pub(super) granted: u64,
    /// Of the period, for further blocks.
    pub(super) remaining: u64,
    /// Its number, as control gave it.
    pub(super) period: u32,
    pub(super) resets_at: Option<Timestamp>,
    pub(super) ends: Option<Instant>,
}

impl Block {
    /// Whether there is a call in it, of this period.
    pub(super) fn has_one(&self, now: Instant) -> bool {
        self.left > 0 && self.is_of_this_period(now)
    }

    pub(super) fn is_of_this_period(&self, now: Instant) -> bool {
        self.ends.is_some_and(|end| now < end)
    }

    /// Takes one call, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let takes = self.has_one(now);
        self.left -= u64::from(takes);
        takes
    }

    /// A call that was taken in this period and not made.
    pub(super) fn give_back(&mut self, period: u32) {
        if self.period == period {
            self.left += 1;
        }
    }

    /// Whether it is time to ask for the next.
    pub(super) fn is_low(&self) -> bool {
        self.left <= self.size / LOW && self.remaining > 0
    }

    /// Calls of the period that are not known to be taken.
    pub(super) fn known_left(&self) -> u64 {
        self.left + self.remaining
    }

    pub(super) fn add(&mut self, leased: Leased, now: Instant) {
        if self.period != leased.period {
            *self = Self::default();
        }
        self.left += leased.granted;
        self.size = self.left;
        self.remaining = leased.remaining;
        self.period = leased.period;
        self.resets_at = leased.resets_at;
        self.ends = leased.ends;
        self.used_up = (leased.granted == 0).then_some(now);
    }

    /// What no call took, and of which period.
    pub(super) fn empty(&mut self) -> (u32, u64) {
        (self.period, std::mem::take(&mut self.left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::{clock, period::Period};
    use proptest::{collection::vec, prelude::*, sample::select};
    use std::time::Duration;

    const EDGES: usize = 3;
    const HOUR: Duration = Duration::from_secs(3_600);

    /// Time in steps of which a period has about 240, so that several pass. It is that of control's clock.
    fn tick(period: Period) -> Duration {
        match period {
            Period::Day => HOUR / 10,
            Period::Month => 3 * HOUR,
        }
    }

    /// What control keeps: how much of which day or month is out.
    struct Ledger {
        period: Period,
        number: u32,
        leased: u64,
    }

    impl Ledger {
        fn new(period: Period) -> Self {
            let (number, leased) = (0, 0);
            Self {
                period,
                number,
                leased,
            }
        }

        fn at(&self, ticks: u32) -> Timestamp {
            Timestamp::UNIX_EPOCH + ticks * tick(self.period)
        }

        fn number(&self, ticks: u32) -> u32 {
            self.period.at(self.at(ticks)).number
        }

        fn of(&mut self, ticks: u32) -> &mut Self {
            let number = self.number(ticks);
            if self.number != number {
                (self.number, self.leased) = (number, 0);
            }
            self
        }

        /// `now` is the same moment as those ticks, as the edge that asks measures time.
        fn lease(&mut self, (quota, block): (u64, u64), ticks: u32, now: Instant) -> Leased {
            let at = self.at(ticks);
            let lasts = (self.period.at(at).ends_at - at).to_std().unwrap();
            let ledger = self.of(ticks);
            let granted = block.min(quota - ledger.leased);
            ledger.leased += granted;
            Leased {
                granted,
                remaining: quota - ledger.leased,
                period: ledger.number,
                // Nothing is decided by it, so it may as well be wrong.
                resets_at: Some(Timestamp::UNIX_EPOCH),
                ends: Some(now + lasts),
            }
        }

        fn bring_back(&mut self, (of, calls): (u32, u64), ticks: u32) {
            let ledger = self.of(ticks);
            if ledger.number == of {
                ledger.leased -= calls;
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// At this edge; made, or given back after so many ticks.
        Call(usize, Option<u32>),
        Wait(u32),
        Restart(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let given_back = prop_oneof![3 => Just(None), 1 => (0..60u32).prop_map(Some)];
        prop_oneof![
            8 => (0..EDGES, given_back).prop_map(|(edge, back)| Step::Call(edge, back)),
            1 => (1..100u32).prop_map(Step::Wait),
            1 => (0..EDGES).prop_map(Step::Restart),
        ]
    }

    proptest! {
        /// No day or month has more calls than its quota; one is refused only when every call of it is made or
        /// in the hands of another edge; and what edges hold at the end is all that nobody used. Blocks are asked for
        /// ahead or not, as edges come to it.
        #[test]
        fn no_call_of_a_period_is_lost_or_made_twice(
            period in select(&Period::ALL[..]),
            quota in 1u64..30,
            block in 1u64..6,
            steps in vec((step(), any::<bool>()), 1..200),
        ) {
            let start = clock::instant();
            let at = |ticks: u32| start + ticks * tick(period);
            let mut edges: [Block; EDGES] = std::array::from_fn(|_| Block::default());
            let (mut ledger, mut ticks) = (Ledger::new(period), 0);
            let (mut made, mut counted) = (0, 0);
            for (step, ahead) in steps {
                match step {
                    Step::Wait(more) => ticks += more,
                    Step::Restart(edge) => {
                        ledger.bring_back(edges[edge].empty(), ticks);
                        edges[edge] = Block::default();
                    }
                    Step::Call(edge, given_back) => {
                        let now = at(ticks);
                        if !edges[edge].has_one(now) {
                            let leased = ledger.lease((quota, block), ticks, now);
                            edges[edge].add(leased, now);
                        }
                        if ledger.number(ticks) != counted {
                            (made, counted) = (0, ledger.number(ticks));
                        }
                        let taken = edges[edge].take(now);
                        if taken && ahead && edges[edge].is_low() {
                            let leased = ledger.lease((quota, block), ticks, now);
                            edges[edge].add(leased, now);
                        }
                        let held: u64 = edges
                            .iter()
                            .filter(|block| block.is_of_this_period(now))
                            .map(|block| block.left)
                            .sum();
                        prop_assert!(taken || made + held == quota, "{made} made, {held} held");
                        prop_assert!(taken || edges[edge].used_up.is_some());
                        match given_back {
                            Some(after) if taken => {
                                ticks += after;
                                edges[edge].give_back(counted);
                            }
                            _ => made += u64::from(taken),
                        }
                        prop_assert!(made <= quota, "{made} of {quota}");
                    }
                }
            }
            for edge in &mut edges {
                ledger.bring_back(edge.empty(), ticks);
            }
            let made = if ledger.number(ticks) == counted { made } else { 0 };
            prop_assert_eq!(ledger.of(ticks).leased, made);
        }

        /// However small the blocks are: whoever gets the next one before the next call never finds none, until the
        /// quota is used up.
        #[test]
        fn only_the_first_call_waits_for_a_block(quota in 1u64..500, blocks in vec(1u64..20, 1..500)) {
            let now = clock::instant();
            let (mut block, mut ledger) = (Block::default(), Ledger::new(Period::Day));
            let mut sizes = blocks.into_iter().cycle();
            let mut lease = |block: &mut Block| {
                let size = sizes.next().unwrap_or(1);
                block.add(ledger.lease((quota, size), 0, now), now);
            };
            lease(&mut block);
            for made in 0..quota {
                prop_assert!(block.take(now), "{made} made of {quota}");
                if block.is_low() {
                    lease(&mut block);
                }
            }
            prop_assert!(!block.take(now) && !block.is_low());
        }
    }

    /// A period ends when control said that it does, whatever the clock of the edge has to say of its date.
    #[test]
    fn a_wrong_clock_ends_no_period() {
        let now = clock::instant();
        let long_ago = Timestamp::UNIX_EPOCH;
        let far_off = Timestamp::MAX_UTC;
        for resets_at in [long_ago, far_off] {
            let mut block = Block::default();
            let leased = Leased {
                granted: 2,
                remaining: 0,
                period: 1,
                resets_at: Some(resets_at),
                ends: Some(now + HOUR),
            };
            block.add(leased, now);
            assert!(block.take(now + HOUR / 2));
            assert!(!block.take(now + HOUR));
        }
    }
}
