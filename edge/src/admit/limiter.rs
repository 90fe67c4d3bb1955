//! The counters of one set of limits, by who is counted.

use super::wait_of;
use crate::error::{Error, Standing};
use governor::{Quota, RateLimiter, clock::QuantaClock, state::keyed::HashMapStateStore};
use ostia_domain::{code::Code, plan::Limits};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Subjects that are as good as new are forgotten when there are so many.
const MANY: usize = 10_000;

pub struct Limiter {
    pub limits: Limits,
    /// As a caller reads it: `the plan "team"`, or `this API key`.
    pub name: String,
    rate: Option<RateLimiter<Uuid, HashMapStateStore<Uuid>, QuantaClock>>,
    in_flight: Mutex<HashMap<Uuid, u32>>,
}

impl Limiter {
    pub fn new(name: String, limits: Limits) -> Self {
        let rate = limits.calls_per_minute.map(|calls| {
            let quota = Quota::per_minute(calls).allow_burst(limits.burst.unwrap_or(calls));
            RateLimiter::new(quota, HashMapStateStore::default(), QuantaClock::default())
        });
        Self {
            limits,
            name,
            rate,
            in_flight: Mutex::default(),
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
            let wait = wait_of(&until);
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
