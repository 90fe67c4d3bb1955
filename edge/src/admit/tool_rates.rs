//! How often one tool may be called: by one key, where a policy says so, and by everybody together, where
//! the upstream is to be spared.

use super::wait_of;
use crate::{
    authorize::Permit,
    error::{Error, Standing},
};
use governor::{Quota, RateLimiter, clock::QuantaClock, state::keyed::HashMapStateStore};
use ostia_domain::{code::Code, principal::Principal};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// A key and a hash of a tool's canonical name; or an upstream, with such a hash or with none.
type Counted = (Uuid, u64);
type Counter = RateLimiter<Counted, HashMapStateStore<Counted>, QuantaClock>;

/// Entries that are as good as new are forgotten when there are so many.
const MANY: usize = 10_000;

/// One counter for each rate that any policy has.
#[derive(Default)]
pub struct ToolRates(Mutex<HashMap<NonZeroU32, Arc<Counter>>>);

impl ToolRates {
    pub fn admit(&self, principal: &Principal, permit: &Permit) -> Result<(), Error> {
        let of_key = permit.limits().calls_per_minute;
        let item = permit.item();
        let pool = &item.upstream.pool;
        let (of_upstream, of_tool) = (pool.calls_per_minute, pool.tool_calls_per_minute);
        if of_key.or(of_upstream).or(of_tool).is_none() {
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        item.canonical.hash(&mut hasher);
        let tool = hasher.finish();
        if let Some(rate) = of_key {
            let caller = (principal.key_id, tool);
            let name = format!(
                "A policy of this API key allows {rate} calls of {}",
                item.canonical
            );
            self.check(rate, caller, |wait| refused(&name, rate, wait))?;
        }
        let upstream = item.upstream.id;
        if let Some(rate) = of_tool {
            self.check(rate, (upstream, tool), |wait| {
                busy(&item.canonical, rate, wait)
            })?;
        }
        if let Some(rate) = of_upstream {
            self.check(rate, (upstream, 0), |wait| {
                busy(item.upstream.name.as_str(), rate, wait)
            })?;
        }
        Ok(())
    }

    fn check(
        &self,
        rate: NonZeroU32,
        counted: Counted,
        refuse: impl FnOnce(Duration) -> Error,
    ) -> Result<(), Error> {
        let checked = self.counter(rate).check_key(&counted);
        checked.map_err(|until| refuse(wait_of(&until)))
    }

    fn counter(&self, rate: NonZeroU32) -> Arc<Counter> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry(rate).or_insert_with(|| {
            let store = HashMapStateStore::default();
            let quota = Quota::per_minute(rate);
            Arc::new(RateLimiter::new(quota, store, QuantaClock::default()))
        });
        if counter.len() > MANY {
            counter.retain_recent();
        }
        Arc::clone(counter)
    }
}

fn refused(what: &str, rate: NonZeroU32, wait: Duration) -> Error {
    let message = format!("{what} a minute. Try again in {} ms.", wait.as_millis());
    Error::new(Code::RateLimited, message).used_up(Standing {
        limit: rate.get().into(),
        remaining: 0,
        resets_in: wait,
    })
}

/// Nothing that this caller has done too much of.
fn busy(what: &str, rate: NonZeroU32, wait: Duration) -> Error {
    let message = format!(
        "{what:?} takes {rate} calls a minute of all its callers together. The call was not made; try \
         again in {} ms.",
        wait.as_millis()
    );
    Error::new(Code::UpstreamBusy, message).retry_after(wait)
}
