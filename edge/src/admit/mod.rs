//! How much may be done: rate, calls at once, and the quotas of day and month, for a key and for its owner.

mod block;
mod limiter;
mod quota;
mod tool_rates;

use limiter::InFlight;
pub use limiter::Limiter;
pub use tool_rates::ToolRates;

use crate::{error::Error, view::View};
use governor::{
    NotUntil,
    clock::{Clock as _, QuantaClock, QuantaInstant},
};
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    period::Period,
    plan::{Limits, Plan},
    principal::{Limited, LimitedBy, Principal},
    snapshot::Objects,
};
use ostia_proto::ControlClient;
use quota::{Of, Quotas, Taken};
use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Sets of limits of keys that are kept while nobody uses them.
const MANY: usize = 10_000;

/// Proof that a call was let in; it counts as in flight until it is dropped, and costs a place of a quota
/// once it was [`made`](Admission::made).
#[derive(Default)]
pub struct Admission {
    counted: Vec<(Arc<Limiter>, Uuid)>,
    taken: Vec<Taken>,
}

impl Admission {
    /// The call went to its upstream.
    pub fn made(&mut self) {
        self.taken.iter_mut().for_each(Taken::spent);
    }

    /// What is left of the quota that has the least, and until when; unset without a quota.
    pub fn quota_left(&self) -> Option<(u64, Timestamp)> {
        let left = self
            .taken
            .iter()
            .map(|taken| (taken.remaining, taken.resets_at));
        // Of equals, the one that comes back last.
        left.min_by_key(|(remaining, resets_at)| (*remaining, Reverse(*resets_at)))
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        for (limiter, subject) in self.counted.drain(..) {
            limiter.leave(subject);
        }
    }
}

/// The counters of plans, by plan. They outlive snapshots, and changes of the plan.
pub type PlanLimits = HashMap<Uuid, Arc<Limiter>>;

/// Limiters for these plans, which count on where there were some before.
pub fn reconcile(old: &PlanLimits, plans: &Objects<Plan>) -> PlanLimits {
    plans
        .values()
        .map(|plan| {
            let name = format!("The plan {:?}", plan.name);
            let limiter = match old.get(&plan.id) {
                Some(same) if same.limits == plan.limits && same.name == name => Arc::clone(same),
                Some(before) => Arc::new(before.changed(name, plan.limits)),
                None => Arc::new(Limiter::new(name, plan.limits)),
            };
            (plan.id, limiter)
        })
        .collect()
}

/// Lets calls in.
pub struct Gate {
    /// Of limits that keys have by themselves.
    own: Mutex<HashMap<Limits, Arc<Limiter>>>,
    /// Of all of them: a key may be given others while it has calls under way.
    in_flight: InFlight,
    quotas: Quotas,
}

impl Gate {
    pub fn new(control: ControlClient) -> Self {
        Self {
            own: Mutex::default(),
            in_flight: InFlight::default(),
            quotas: Quotas::new(control),
        }
    }

    /// Lets a call in, or says what is used up and when to come again. A plan that cannot be found
    /// refuses: what is not readable must not mean "no limits".
    pub async fn admit(&self, view: &View, principal: &Principal) -> Result<Admission, Error> {
        let mut admission = Admission::default();
        for limited in &principal.limits {
            let (limiter, plan) = self.enter(view, limited, &mut admission)?;
            for period in Period::ALL {
                let of = Of {
                    subject: limited.subject,
                    plan,
                    period,
                };
                let taken = self.quotas.take(of, &limiter).await?;
                admission.taken.extend(taken);
            }
        }
        Ok(admission)
    }

    /// The same for what is asked about a call that counted already: it costs nothing of a quota, and can
    /// be asked when there is none left.
    pub fn admit_follow_up(&self, view: &View, principal: &Principal) -> Result<Admission, Error> {
        let mut admission = Admission::default();
        for limited in &principal.limits {
            self.enter(view, limited, &mut admission)?;
        }
        Ok(admission)
    }

    /// Counts a call as in flight and in the rate of one of its limits.
    fn enter(
        &self,
        view: &View,
        held: &Limited,
        admission: &mut Admission,
    ) -> Result<(Arc<Limiter>, Option<Uuid>), Error> {
        let (limiter, plan) = match &held.by {
            LimitedBy::Plan(id) => (view.limits.get(id).cloned(), Some(*id)),
            LimitedBy::Own(limits) => (Some(self.own(*limits)), None),
        };
        let limiter = limiter.ok_or_else(unreadable)?;
        // In flight first: a call that cannot start must not cost a place in the rate.
        if limiter.enter(held.subject)? {
            let counted = (Arc::clone(&limiter), held.subject);
            admission.counted.push(counted);
        }
        limiter.check_rate(held.subject)?;
        Ok((limiter, plan))
    }

    fn own(&self, limits: Limits) -> Arc<Limiter> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() > MANY {
            own.retain(|_, limiter| Arc::strong_count(limiter) > 1);
        }
        let limiter = own.entry(limits).or_insert_with(|| {
            let name = "This API key".to_owned();
            Arc::new(Limiter::beside(name, limits, &self.in_flight))
        });
        Arc::clone(limiter)
    }

    /// Brings back what was leased and not used.
    pub async fn shutdown(&self) {
        self.quotas.shutdown().await;
    }
}

fn unreadable() -> Error {
    Error::new(
        Code::RateLimited,
        "The plan of this API key cannot be read at the moment.",
    )
    .retry_after(Duration::from_secs(1))
}

/// How long until a call would be let in.
fn wait_of(until: &NotUntil<QuantaInstant>) -> Duration {
    until.wait_time_from(QuantaClock::default().now())
}
