//! The counters of one set of limits, by who is counted.

use crate::error::{Error, Standing};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, QuantaClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};
use ostia_domain::{code::Code, plan::Limits};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Subjects that are as good as new are forgotten when there are so many.
const MANY: usize = 10_000;

pub struct Limiter<C: Clock = QuantaClock> {
    pub limits: Limits,
    /// As a caller reads it: `the plan "team"`, or `this API key`.
    pub name: String,
    rate: Option<Arc<Rate<C>>>,
    in_flight: InFlight,
}

/// Calls under way, by who is counted. Limits that take the place of others go on with it.
pub(super) type InFlight = Arc<Mutex<HashMap<Uuid, u32>>>;

type Rate<C> = RateLimiter<Uuid, HashMapStateStore<Uuid>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl Limiter {
    pub fn new(name: String, limits: Limits) -> Self {
        Self::with_clock(name, limits, QuantaClock::default())
    }

    /// Counts on with calls that other limits let in.
    pub(super) fn beside(name: String, limits: Limits, in_flight: &InFlight) -> Self {
        Self {
            in_flight: Arc::clone(in_flight),
            ..Self::new(name, limits)
        }
    }

    /// The same counters under another name and other limits: calls that are under way go on, and a rate that stays
    /// has been used as far as it has.
    pub(super) fn changed(&self, name: String, limits: Limits) -> Self {
        let mut changed = Self::beside(name, limits, &self.in_flight);
        let rate_of = |limits: &Limits| (limits.calls_per_minute, limits.burst);
        if rate_of(&limits) == rate_of(&self.limits) {
            changed.rate.clone_from(&self.rate);
        }
        changed
    }
}

impl<C: Clock> Limiter<C> {
    pub(super) fn with_clock(name: String, limits: Limits, clock: C) -> Self {
        let rate = limits.calls_per_minute.map(|calls| {
            let quota = Quota::per_minute(calls).allow_burst(limits.burst.unwrap_or(calls));
            Arc::new(RateLimiter::new(quota, HashMapStateStore::default(), clock))
        });
        Self {
            limits,
            name,
            rate,
            in_flight: Arc::default(),
        }
    }

    pub fn check_rate(&self, subject: Uuid) -> Result<(), Error> {
        let (Some(rate), Some(most)) = (&self.rate, self.limits.calls_per_minute) else {
            return Ok(());
        };
        if rate.len() > MANY {
            rate.retain_recent();
        }
        rate.check_key(&subject).map_err(|until| {
            let wait = until.wait_time_from(rate.clock().now());
            Error::new(
                Code::RateLimited,
                format!(
                    "{} allows {most} calls a minute. Try again in {} ms.",
                    self.name,
                    wait.as_millis()
                ),
            )
            .used_up(Standing {
                limit: most.get().into(),
                remaining: 0,
                resets_in: wait,
            })
        })
    }

    /// Whether it is counted and has to [`leave`](Self::leave).
    pub fn enter(&self, subject: Uuid) -> Result<bool, Error> {
        let Some(most) = self.limits.max_in_flight else {
            return Ok(false);
        };
        let mut in_flight = self.in_flight();
        let count = in_flight.entry(subject).or_default();
        if *count >= most.get() {
            return Err(Error::new(
                Code::TooManyCalls,
                format!(
                    "{} allows {most} calls at once. Try again when one has ended.",
                    self.name
                ),
            )
            .used_up(Standing {
                limit: most.get().into(),
                remaining: 0,
                resets_in: Duration::from_secs(1),
            }));
        }
        *count += 1;
        Ok(true)
    }

    pub fn leave(&self, subject: Uuid) {
        let mut in_flight = self.in_flight();
        if let Some(count) = in_flight.get_mut(&subject) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&subject);
            }
        }
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, u32>> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use proptest::{collection::vec, prelude::*};
    use std::num::NonZeroU32;

    /// A bucket that fills by the nanosecond, in nanoseconds of the time that one call takes.
    struct Bucket {
        full: u64,
        call: u64,
        level: u64,
    }

    impl Bucket {
        fn wait(&mut self, nanos: u64) {
            self.level = self.full.min(self.level.saturating_add(nanos));
        }

        /// How long until there is room for a call; none: it was taken.
        fn take(&mut self) -> Option<u64> {
            let missing = self.call.saturating_sub(self.level);
            self.level -= if missing == 0 { self.call } else { 0 };
            (missing > 0).then_some(missing)
        }
    }

    fn limits(calls_per_minute: u32, max_in_flight: u32) -> Limits {
        Limits {
            calls_per_minute: NonZeroU32::new(calls_per_minute),
            max_in_flight: NonZeroU32::new(max_in_flight),
            ..Limits::default()
        }
    }

    #[test]
    fn limits_that_change_forget_nothing() {
        let who = Uuid::nil();
        let before = Limiter::new("It".to_owned(), limits(2, 2));
        for _ in 0..2 {
            assert!(before.enter(who).unwrap());
            before.check_rate(who).unwrap();
        }
        // Fewer calls at once: those under way are too many already, and the rate is used up.
        let fewer = before.changed("It".to_owned(), limits(2, 1));
        let refused = |limiter: &Limiter| limiter.enter(who).unwrap_err().code;
        assert_eq!(refused(&fewer), Code::TooManyCalls);
        assert_eq!(fewer.check_rate(who).unwrap_err().code, Code::RateLimited);
        before.leave(who);
        assert_eq!(refused(&fewer), Code::TooManyCalls);
        before.leave(who);
        assert!(fewer.enter(who).unwrap());
        // Another rate is counted anew.
        let faster = fewer.changed("It".to_owned(), limits(3, 1));
        assert_eq!(refused(&faster), Code::TooManyCalls);
        faster.check_rate(who).unwrap();
    }

    proptest! {
        /// Exactly what a bucket lets in, at any time, for each subject by itself; and who waits as long as a
        /// refusal says is let in.
        #[test]
        fn a_rate_is_that_of_a_bucket_on_a_model_clock(
            calls in 1u32..2_000,
            burst in 1u32..20,
            steps in vec((0u128..2, 0u64..40_000_000_000, any::<bool>()), 1..100),
        ) {
            let clock = FakeRelativeClock::default();
            let limits = Limits {
                calls_per_minute: NonZeroU32::new(calls),
                burst: NonZeroU32::new(burst),
                ..Limits::default()
            };
            let limiter = Limiter::with_clock("It".to_owned(), limits, clock.clone());
            let call = 60_000_000_000 / u64::from(calls);
            let full = call * u64::from(burst);
            let mut buckets = [(); 2].map(|()| Bucket { full, call, level: full });
            let pass = |buckets: &mut [Bucket; 2], nanos| {
                clock.advance(Duration::from_nanos(nanos));
                for bucket in buckets {
                    bucket.wait(nanos);
                }
            };
            for (subject, nanos, patient) in steps {
                // Mostly about as long as a call takes, so that both answers are common.
                pass(&mut buckets, nanos % (3 * call));
                let of = usize::try_from(subject).unwrap();
                let subject = Uuid::from_u128(subject);
                match (limiter.check_rate(subject), buckets[of].take()) {
                    (Ok(()), None) => {}
                    (Err(error), Some(missing)) => {
                        prop_assert_eq!(error.code, Code::RateLimited);
                        let told = error.standing.map(|standing| standing.resets_in);
                        prop_assert_eq!(told, Some(Duration::from_nanos(missing)));
                        if patient {
                            pass(&mut buckets, missing - 1);
                            prop_assert!(limiter.check_rate(subject).is_err());
                            pass(&mut buckets, 1);
                            prop_assert!(limiter.check_rate(subject).is_ok());
                            prop_assert_eq!(buckets[of].take(), None);
                        }
                    }
                    (said, model) => {
                        let refused = said.is_err();
                        return Err(TestCaseError::fail(format!("{refused}, and the bucket: {model:?}")));
                    }
                }
            }
        }

        #[test]
        fn calls_at_once_are_counted_for_each_subject(
            most in 1u32..5,
            steps in vec((0u128..3, any::<bool>()), 1..100),
        ) {
            let limits = Limits { max_in_flight: NonZeroU32::new(most), ..Limits::default() };
            let limiter = Limiter::new("It".to_owned(), limits);
            let mut running: HashMap<u128, u32> = HashMap::new();
            for (subject, enters) in steps {
                let count = running.entry(subject).or_default();
                let subject = Uuid::from_u128(subject);
                if enters {
                    prop_assert_eq!(limiter.enter(subject).is_ok(), *count < most);
                    *count = (*count + 1).min(most);
                } else if *count > 0 {
                    limiter.leave(subject);
                    *count -= 1;
                }
            }
        }
    }
}
