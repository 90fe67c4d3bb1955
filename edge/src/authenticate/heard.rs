//! When control was heard of, over which connection, and how far that carries.
//!
//! Over one connection control tells of every key that changes. What changed between two of them is not
//! known, so that a key from an earlier one is in doubt: control is asked about it, and only while control
//! cannot answer the key stays as good as it was when that connection ended.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Connections that ended and are remembered. More than that within a minute is no connection at all.
const MAX_ENDED: usize = 64;
/// How long keys in doubt are taken as they were after control did not answer for one of them.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// What a key that was verified over some connection is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Every change since would have been heard of.
    Good,
    /// Good as long as control does not say otherwise, which is to be asked.
    InDoubt,
    /// As if it had never been verified.
    Nothing,
    /// Nothing was heard of control for too long; no key is good.
    Silence,
}

pub(super) struct Heard {
    max_age: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: u64,
    /// When control was last heard of.
    last: Option<Instant>,
    /// Connections before this one and when each was last heard of, oldest first.
    ended: VecDeque<(u64, Instant)>,
    left_alone_until: Option<Instant>,
}

impl Heard {
    /// `max_age`: for how long silence is no reason for doubt.
    pub(super) fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            state: Mutex::default(),
        }
    }

    /// Control spoke.
    pub(super) fn now(&self, now: Instant) {
        self.state().last = Some(now);
    }

    /// Control was last heard of before this process began.
    pub(super) fn before(&self, last: Option<Instant>) {
        self.state().last = last;
    }

    pub(super) fn last(&self) -> Option<Instant> {
        self.state().last
    }

    /// Nothing was heard for too long: nobody can be judged by what is known.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        !self.is_fresh(self.state().last, now)
    }

    fn is_fresh(&self, heard: Option<Instant>, now: Instant) -> bool {
        heard.is_some_and(|heard| now.duration_since(heard) <= self.max_age)
    }

    /// The connection over which changes come now.
    pub(super) fn connection(&self) -> u64 {
        self.state().connection
    }

    /// Changes come over a new connection from here on.
    pub(super) fn reconnected(&self) {
        let mut state = self.state();
        if let Some(last) = state.last {
            let ended = (state.connection, last);
            if state.ended.len() == MAX_ENDED {
                state.ended.pop_front();
            }
            state.ended.push_back(ended);
        }
        state.connection += 1;
        state.left_alone_until = None;
    }

    /// What a key is worth that was verified over this connection.
    pub(super) fn worth(&self, connection: u64, now: Instant) -> Worth {
        let state = self.state();
        if !self.is_fresh(state.last, now) {
            return Worth::Silence;
        }
        if connection == state.connection {
            return Worth::Good;
        }
        let ended = state.ended.iter().find(|(ended, _)| *ended == connection);
        if self.is_fresh(ended.map(|(_, last)| *last), now) {
            Worth::InDoubt
        } else {
            Worth::Nothing
        }
    }

    /// Control did not answer for a key in doubt.
    pub(super) fn unanswered(&self, now: Instant) {
        self.state().left_alone_until = Some(now + LEFT_ALONE);
    }

    /// Whether control did not answer a moment ago.
    pub(super) fn leaves_alone(&self, now: Instant) -> bool {
        self.state()
            .left_alone_until
            .is_some_and(|until| now < until)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::clock;

    const MINUTE: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn nothing_is_good_before_control_was_heard_of() {
        let heard = Heard::new(MINUTE);
        assert_eq!(heard.worth(0, clock::instant()), Worth::Silence);
        assert!(heard.is_silent(clock::instant()));
    }

    #[test]
    fn silence_is_borne_for_a_while() {
        let (heard, start) = (Heard::new(MINUTE), clock::instant());
        heard.reconnected();
        heard.now(start);
        let key = heard.connection();
        assert_eq!(heard.worth(key, start + MINUTE), Worth::Good);
        assert!(!heard.is_silent(start + MINUTE));
        assert_eq!(heard.worth(key, start + MINUTE + SECOND), Worth::Silence);
        assert!(heard.is_silent(start + MINUTE + SECOND));
    }

    #[test]
    fn a_key_of_an_earlier_connection_is_in_doubt_as_long_as_it_would_have_been_good() {
        let (heard, start) = (Heard::new(MINUTE), clock::instant());
        heard.now(start);
        let key = heard.connection();
        heard.reconnected();
        heard.now(start + 30 * SECOND);
        // Another break does not make it any older or younger.
        heard.reconnected();
        heard.now(start + 50 * SECOND);
        assert_eq!(heard.worth(key, start + MINUTE), Worth::InDoubt);
        assert_eq!(heard.worth(key, start + MINUTE + SECOND), Worth::Nothing);
        let newer = heard.connection();
        assert_eq!(heard.worth(newer, start + MINUTE + SECOND), Worth::Good);
    }

    #[test]
    fn a_connection_that_is_not_remembered_vouches_for_nothing() {
        let (heard, start) = (Heard::new(MINUTE), clock::instant());
        heard.now(start);
        let key = heard.connection();
        for _ in 0..=MAX_ENDED {
            heard.reconnected();
        }
        assert_eq!(heard.worth(key, start), Worth::Nothing);
    }

    #[test]
    fn a_control_that_does_not_answer_is_left_alone_for_a_moment() {
        let (heard, start) = (Heard::new(MINUTE), clock::instant());
        assert!(!heard.leaves_alone(start));
        heard.unanswered(start);
        assert!(heard.leaves_alone(start));
        assert!(!heard.leaves_alone(start + LEFT_ALONE));
        heard.unanswered(start);
        heard.reconnected();
        assert!(!heard.leaves_alone(start));
    }
}
