//! How often one key may call one tool, where a policy says so.

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
};
use uuid::Uuid;

/// A key, and a hash of a tool's canonical name.
type Counted = (Uuid, u64);
type Counter = RateLimiter<Counted, HashMapStateStore<Counted>, QuantaClock>;

/// Entries that are as good as new are forgotten when there are so many.
const MANY: usize = 10_000;

/// One counter for each rate that any policy has.
#[derive(Default)]
pub struct ToolRates(Mutex<HashMap<NonZeroU32, Arc<Counter>>>);

impl ToolRates {
    pub fn admit(&self, principal: &Principal, permit: &Permit) -> Result<(), Error> {
        let Some(rate) = permit.limits().calls_per_minute else {
            return Ok(());
        };
        let tool = &permit.item().canonical;
        let mut hasher = DefaultHasher::new();
        tool.hash(&mut hasher);
        let caller = (principal.key_id, hasher.finish());
        self.counter(rate).check_key(&caller).map_err(|until| {
            let wait = wait_of(&until);
            Error::new(
                Code::RateLimited,
                format!(
                    "A policy of this API key allows {rate} calls of {tool} a minute. Try again in {} ms.",
                    wait.as_millis()
                ),
            )
            .used_up(Standing {
                limit: rate.get().into(),
                remaining: 0,
                resets_in: wait,
            })
        })
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
