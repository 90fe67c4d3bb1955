//! How much a key may do in a short window, as its plan says.

mod tool_rates;

pub use tool_rates::ToolRates;

use crate::{error::Error, view::View};
use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock as _, QuantaClock, QuantaInstant},
    state::keyed::HashMapStateStore,
};
use ostia_domain::{code::Code, plan::Plan, principal::Principal};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Proof that a call was let in; it counts as in flight until it is dropped.
pub struct Admission {
    counted: Option<(Arc<Limits>, Uuid)>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some((limits, key)) = self.counted.take() {
            limits.leave(key);
        }
    }
}

/// One plan's counters, by key. They outlive snapshots as long as the plan stays the same.
pub struct Limits {
    plan: Plan,
    rate: Option<RateLimiter<Uuid, HashMapStateStore<Uuid>, QuantaClock>>,
    in_flight: Mutex<HashMap<Uuid, u32>>,
}

impl Limits {
    fn new(plan: Plan) -> Self {
        let rate = plan.calls_per_minute.map(|calls| {
            let quota = Quota::per_minute(calls).allow_burst(plan.burst.unwrap_or(calls));
            RateLimiter::new(quota, HashMapStateStore::default(), QuantaClock::default())
        });
        Self {
            plan,
            rate,
            in_flight: Mutex::default(),
        }
    }

    /// The limits for these plans, with the counters of those that did not change.
    pub fn reconcile(old: &HashMap<Uuid, Arc<Self>>, plans: Vec<Plan>) -> HashMap<Uuid, Arc<Self>> {
        plans
            .into_iter()
            .map(|plan| {
                let kept = old
                    .get(&plan.id)
                    .filter(|limits| limits.plan == plan)
                    .cloned();
                (plan.id, kept.unwrap_or_else(|| Arc::new(Self::new(plan))))
            })
            .collect()
    }

    fn check_rate(&self, key: Uuid) -> Result<(), Error> {
        let Some(rate) = &self.rate else {
            return Ok(());
        };
        rate.check_key(&key).map_err(|until| {
            let wait = wait_of(&until);
            Error::new(
                Code::RateLimited,
                format!(
                    "The plan {:?} allows {} calls a minute. Try again in {} ms.",
                    self.plan.name,
                    self.plan
                        .calls_per_minute
                        .map_or(0, std::num::NonZeroU32::get),
                    wait.as_millis()
                ),
            )
            .retry_after(wait)
        })
    }

    fn enter(&self, key: Uuid) -> Result<bool, Error> {
        let Some(most) = self.plan.max_in_flight else {
            return Ok(false);
        };
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = in_flight.entry(key).or_default();
        if *count >= most.get() {
            return Err(Error::new(
                Code::TooManyCalls,
                format!(
                    "The plan {:?} allows {most} calls at once. Try again when one has ended.",
                    self.plan.name
                ),
            )
            .retry_after(Duration::from_secs(1)));
        }
        *count += 1;
        Ok(true)
    }

    fn leave(&self, key: Uuid) {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = in_flight.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&key);
            }
        }
    }
}

/// How long until a call would be let in.
fn wait_of(until: &NotUntil<QuantaInstant>) -> Duration {
    until.wait_time_from(QuantaClock::default().now())
}

/// Lets a call in, or says what is used up and when to come again. A plan that cannot be found
/// refuses: what is not readable must not mean "no limits".
pub fn admit(view: &View, principal: &Principal) -> Result<Admission, Error> {
    let Some(plan) = principal.plan else {
        return Ok(Admission { counted: None });
    };
    let limits = view.limits.get(&plan).ok_or_else(|| {
        Error::new(
            Code::RateLimited,
            "The plan of this API key cannot be read at the moment.",
        )
        .retry_after(Duration::from_secs(1))
    })?;
    // In flight first: a call that cannot start must not cost a place in the rate.
    let counted = limits.enter(principal.key_id)?;
    let admission = Admission {
        counted: counted.then(|| (Arc::clone(limits), principal.key_id)),
    };
    limits.check_rate(principal.key_id)?;
    Ok(admission)
}
