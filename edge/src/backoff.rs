//! When to try again: later each time, and not together with everybody else.

use std::time::Duration;
use uuid::Uuid;

/// Waits that double from `first` to `max`, each between half and one and a half of that.
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            next: first,
        }
    }

    /// It worked: the next wait is a short one.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// How long to wait this time.
    pub(crate) fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.max);
        spread(wait)
    }
}

/// Half of it to one and a half.
fn spread(wait: Duration) -> Duration {
    let [first, second, ..] = Uuid::new_v4().into_bytes();
    let random = f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX);
    wait.mul_f64(0.5 + random)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(200);
    const MAX: Duration = Duration::from_secs(5);

    fn within(wait: Duration, around: Duration) -> bool {
        wait >= around / 2 && wait <= around * 3 / 2
    }

    #[test]
    fn waits_grow_to_a_bound_and_begin_again() {
        let mut backoff = Backoff::new(FIRST, MAX);
        for around in [200, 400, 800, 1600, 3200, 5000, 5000] {
            let (wait, around) = (backoff.wait(), Duration::from_millis(around));
            assert!(within(wait, around), "{wait:?} is not around {around:?}");
        }
        backoff.reset();
        assert!(within(backoff.wait(), FIRST));
    }

    /// A thousand edges lose control in one moment; whenever it is back, they do not come together.
    #[test]
    fn a_thousand_come_back_one_by_one() {
        const EDGES: usize = 1_000;
        const WINDOW: Duration = Duration::from_millis(100);
        for away in [2, 10, 60].map(Duration::from_secs) {
            let mut windows = std::collections::HashMap::<u128, usize>::new();
            for _ in 0..EDGES {
                let (mut backoff, mut at) = (Backoff::new(FIRST, MAX), Duration::ZERO);
                while at < away {
                    at += backoff.wait();
                }
                let window = at.as_millis() / WINDOW.as_millis();
                *windows.entry(window).or_default() += 1;
            }
            let most = windows.values().max().copied().unwrap_or_default();
            assert!(most < EDGES / 10, "{most} of {EDGES} in {WINDOW:?}");
        }
    }
}
