//! How many refusals there were, so that nobody fills the audit by asking again and again: of each caller and
//! code the first ten of a minute are told of one by one, and at its end how many more there were.

use super::Refusal;
use ostia_domain::code::Code;
use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};
use uuid::Uuid;

const ONE_BY_ONE: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
/// Counters at a time. Those beyond share what is [`Caller::Others`], so that many addresses are no way around.
const MAX_USERS: usize = 1_000;
const MAX_ADDRESSES: usize = 50;

/// For an event of its own.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) refusal: Refusal,
    /// Unset: the refusal itself. Else how many came after those that were told of one by one.
    pub(super) more: u64,
    /// They are of several callers, and this is the newest.
    pub(super) several: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Caller {
    User(Uuid),
    /// Somebody who is not known, from there.
    Address(Option<IpAddr>),
    Others,
}

struct Counter {
    began: Instant,
    one_by_one: u32,
    more: u64,
    /// The newest of those that are only counted.
    last: Option<Refusal>,
}

#[derive(Default)]
pub(super) struct Counters(HashMap<(Caller, Code), Counter>);

impl Counters {
    /// What is to be told of now; a minute that is over is told of by [`Self::ended`].
    pub(super) fn count(&mut self, refusal: Refusal, now: Instant) -> Option<Told> {
        let of = self.counter_of(&refusal);
        let counter = self.0.entry(of).or_insert(Counter {
            began: now,
            one_by_one: 0,
            more: 0,
            last: None,
        });
        if counter.one_by_one < ONE_BY_ONE {
            counter.one_by_one += 1;
            return Some(Told {
                refusal,
                more: 0,
                several: false,
            });
        }
        counter.more += 1;
        counter.last = Some(refusal);
        None
    }

    /// Ends the minutes that are over at a time, or all.
    pub(super) fn ended(&mut self, at: Option<Instant>) -> Vec<Told> {
        let over = |counter: &Counter| at.is_none_or(|at| at - counter.began >= MINUTE);
        let ended = self.0.extract_if(|_, counter| over(counter));
        ended
            .filter_map(|((caller, _), counter)| {
                Some(Told {
                    refusal: counter.last?,
                    more: counter.more,
                    several: caller == Caller::Others,
                })
            })
            .collect()
    }

    fn counter_of(&self, refusal: &Refusal) -> (Caller, Code) {
        let code = refusal.code;
        let caller = match refusal.user {
            Some(user) => Caller::User(user),
            None => Caller::Address(refusal.with.address),
        };
        if self.0.contains_key(&(caller, code)) {
            return (caller, code);
        }
        let is_user = |caller: &Caller| matches!(caller, Caller::User(_));
        let alike = self
            .0
            .keys()
            .filter(|(other, _)| is_user(other) == is_user(&caller));
        let most = if is_user(&caller) {
            MAX_USERS
        } else {
            MAX_ADDRESSES
        };
        if alike.count() < most {
            (caller, code)
        } else {
            (Caller::Others, code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::With;
    use ostia_domain::clock;

    fn refusal(user: Option<u128>, address: u32) -> Refusal {
        Refusal {
            at: clock::now(),
            method: "KeysService.ListKeys".to_owned(),
            code: Code::Forbidden,
            reason: None,
            user: user.map(Uuid::from_u128),
            with: With {
                address: Some(IpAddr::from(address.to_be_bytes())),
                ..With::default()
            },
            presented: None,
        }
    }

    fn told(counters: &mut Counters, times: usize, refusal: &Refusal, now: Instant) -> usize {
        let counted = (0..times).filter_map(|_| counters.count(refusal.clone(), now));
        counted.count()
    }

    #[test]
    fn ten_of_a_minute_are_told_of_and_the_others_counted() {
        let mut counters = Counters::default();
        let now = clock::instant();
        let of_a_user = refusal(Some(1), 1);
        assert_eq!(told(&mut counters, 25, &of_a_user, now), 10);
        // Somebody else, and something else, is counted for itself.
        assert_eq!(told(&mut counters, 3, &refusal(None, 1), now), 3);
        let other = Refusal {
            code: Code::HourForbidden,
            ..of_a_user.clone()
        };
        assert_eq!(told(&mut counters, 3, &other, now), 3);
        assert!(counters.ended(Some(now + MINUTE / 2)).is_empty());
        let ended = counters.ended(Some(now + MINUTE));
        assert_eq!(ended.iter().map(|told| told.more).collect::<Vec<_>>(), [15]);
        assert_eq!(told(&mut counters, 25, &of_a_user, now + MINUTE), 10);
        assert_eq!(counters.ended(None).len(), 1);
        assert!(counters.0.is_empty());
    }

    #[test]
    fn many_addresses_share_a_counter() {
        let mut counters = Counters::default();
        let now = clock::instant();
        let most = u32::try_from(MAX_ADDRESSES).unwrap();
        for address in 0..most {
            assert_eq!(told(&mut counters, 1, &refusal(None, address), now), 1);
        }
        let one_by_one: usize = (most..10 * most)
            .map(|address| told(&mut counters, 1, &refusal(None, address), now))
            .sum();
        assert_eq!(one_by_one, 10);
        // Nobody who is known is told of less for it.
        assert_eq!(told(&mut counters, 1, &refusal(Some(1), 0), now), 1);
        let ended = counters.ended(None);
        assert!(
            matches!(&*ended, [told] if told.several && told.more > 0),
            "{ended:?}"
        );
    }
}
