//! Access tokens of one upstream, for all of its connections: got before they are needed, by one request
//! whoever and however many wait for it, and not asked for in a hurry where there are none.

use super::grant::Grant;
use crate::pool::changes::Changes;
use http::HeaderValue;
use ostia_domain::{clock, name::UpstreamName};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::OwnedMutexGuard, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A token is replaced so long before its end, or half its life where that is less.
const LEAD: Duration = Duration::from_secs(60);
/// A new token that its upstream refuses is not the reason: it is kept for so long.
const MIN_AGE: Duration = Duration::from_secs(10);
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// One token.
pub(super) struct Token {
    /// `Bearer …`, marked as sensitive.
    pub(super) header: HeaderValue,
    since: Instant,
    /// Unset: good until it is refused.
    life: Option<Duration>,
    /// The upstream took it at least once.
    accepted: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Good,
    /// Still good, and another one is due.
    Due,
    Over,
}

pub(in crate::pool) struct Tokens {
    upstream: UpstreamName,
    grant: Grant,
    state: Mutex<State>,
    /// Whoever has it asks the token endpoint.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Told when there are no tokens any more, or again.
    changes: Arc<Changes>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    failing: Option<Failing>,
}

/// The token endpoint gave none, so many times in a row.
struct Failing {
    times: u32,
    /// When to ask again.
    until: Instant,
    problem: String,
}

impl Token {
    pub(super) fn new(header: HeaderValue, life: Option<Duration>) -> Self {
        Self {
            header,
            since: clock::instant(),
            life,
            accepted: AtomicBool::new(false),
        }
    }

    pub(super) fn accepted(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    fn phase(&self, now: Instant) -> Phase {
        let Some(life) = self.life else {
            return Phase::Good;
        };
        let age = now.saturating_duration_since(self.since);
        if age >= life {
            Phase::Over
        } else if age >= life.saturating_sub(LEAD.min(life / 2)) {
            Phase::Due
        } else {
            Phase::Good
        }
    }

    /// Whether another one may do better than this one, which was refused.
    fn worth_replacing(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.since);
        self.accepted.load(Ordering::Relaxed) || age >= MIN_AGE
    }
}

impl Tokens {
    pub(in crate::pool) fn new(
        upstream: UpstreamName,
        grant: Grant,
        changes: Arc<Changes>,
        (tasks, stop): (TaskTracker, CancellationToken),
    ) -> Arc<Self> {
        Arc::new(Self {
            upstream,
            grant,
            state: Mutex::default(),
            turn: Arc::default(),
            changes,
            tasks,
            stop,
        })
    }

    /// One that is good now. An error says why there is none, for people.
    pub(super) async fn token(self: &Arc<Self>) -> Result<Arc<Token>, String> {
        let now = clock::instant();
        let known = self.state().token.clone();
        match known.as_ref().map(|token| (token, token.phase(now))) {
            Some((token, Phase::Good)) => Ok(Arc::clone(token)),
            Some((token, Phase::Due)) => {
                // Nobody waits for the next one while this one is good.
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned()
                    && self.resting(now).is_none()
                {
                    self.ask_for_everybody(turn);
                }
                Ok(Arc::clone(token))
            }
            Some((_, Phase::Over)) | None => self.another(known.as_ref()).await,
        }
    }

    /// Another one than this, which the upstream has refused. `None`: it would be refused as well.
    pub(super) async fn instead_of(
        self: &Arc<Self>,
        refused: &Arc<Token>,
    ) -> Result<Option<Arc<Token>>, String> {
        let is_refused = |token: &Arc<Token>| Arc::ptr_eq(token, refused);
        let worth_it = refused.worth_replacing(clock::instant());
        let current = {
            let mut state = self.state();
            // Nobody else is to try it.
            if worth_it && state.token.as_ref().is_some_and(is_refused) {
                state.token = None;
            }
            state.token.clone()
        };
        match current {
            None => self.another(Some(refused)).await.map(Some),
            Some(token) if is_refused(&token) => Ok(None),
            Some(token) => Ok(Some(token)),
        }
    }

    /// Waits for a token that is not this one. Of all who wait, the first asks for it.
    async fn another(self: &Arc<Self>, old: Option<&Arc<Token>>) -> Result<Arc<Token>, String> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let now = clock::instant();
        if let Some(token) = self.state().token.clone() {
            let is_old = old.is_some_and(|old| Arc::ptr_eq(old, &token));
            if !is_old && token.phase(now) != Phase::Over {
                return Ok(token);
            }
        }
        if let Some(problem) = self.resting(now) {
            return Err(problem);
        }
        let asked = self.ask_for_everybody(turn).await;
        let given_up = || "the request for an access token was given up".into();
        asked.ok().flatten().unwrap_or_else(|| Err(given_up()))
    }

    /// Whoever asks may go away meanwhile. `None`: the edge stops.
    fn ask_for_everybody(
        self: &Arc<Self>,
        turn: OwnedMutexGuard<()>,
    ) -> JoinHandle<Option<Result<Arc<Token>, String>>> {
        let tokens = Arc::clone(self);
        self.tasks.spawn(async move {
            let asked = tokens.stop.run_until_cancelled(tokens.ask()).await;
            drop(turn);
            asked
        })
    }

    async fn ask(&self) -> Result<Arc<Token>, String> {
        let answer = self.grant.request().await;
        let outcome = if answer.is_ok() { "token" } else { "failed" };
        metrics::counter!(
            "ostia_token_requests_total",
            "upstream" => self.upstream.to_string(), "outcome" => outcome
        )
        .increment(1);
        match answer {
            Ok(token) => {
                let token = Arc::new(token);
                let mut state = self.state();
                state.token = Some(Arc::clone(&token));
                let recovered = state.failing.take().is_some();
                drop(state);
                if recovered {
                    tracing::info!(upstream = %self.upstream, "there are access tokens again");
                    self.changes.rediscover.notify_one();
                }
                Ok(token)
            }
            Err(problem) => {
                let problem = format!("it gives no access token: {problem}");
                let mut state = self.state();
                let times = state.failing.as_ref().map_or(0, |failing| failing.times);
                state.failing = Some(Failing {
                    times: times.saturating_add(1),
                    until: clock::instant() + backoff(times),
                    problem: problem.clone(),
                });
                drop(state);
                tracing::warn!(upstream = %self.upstream, problem, "no access token");
                if times == 0 {
                    self.changes.rediscover.notify_one();
                }
                Err(problem)
            }
        }
    }

    /// Why nobody asks now.
    fn resting(&self, now: Instant) -> Option<String> {
        let state = self.state();
        let failing = state.failing.as_ref()?;
        (now < failing.until).then(|| failing.problem.clone())
    }

    /// What the token endpoint said last, unless it gave a token.
    pub(in crate::pool) fn problem(&self) -> Option<String> {
        let state = self.state();
        state
            .failing
            .as_ref()
            .map(|failing| failing.problem.clone())
    }

    pub(super) fn current(&self) -> Option<HeaderValue> {
        let state = self.state();
        state.token.as_ref().map(|token| token.header.clone())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After so many failures before.
fn backoff(times: u32) -> Duration {
    (FIRST_BACKOFF * (1 << times.min(10))).min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(life: Option<u64>) -> Token {
        Token::new(
            HeaderValue::from_static("Bearer x"),
            life.map(Duration::from_secs),
        )
    }

    fn phase(life: u64, age: u64) -> Phase {
        let token = token(Some(life));
        token.phase(token.since + Duration::from_secs(age))
    }

    #[test]
    fn a_token_is_replaced_a_minute_before_its_end() {
        assert_eq!(phase(3600, 3539), Phase::Good);
        assert_eq!(phase(3600, 3540), Phase::Due);
        assert_eq!(phase(3600, 3599), Phase::Due);
        assert_eq!(phase(3600, 3600), Phase::Over);
    }

    #[test]
    fn a_short_life_is_used_half() {
        assert_eq!(phase(30, 14), Phase::Good);
        assert_eq!(phase(30, 15), Phase::Due);
        assert_eq!(phase(0, 0), Phase::Over);
        let endless = token(None);
        let late = endless.since + Duration::from_secs(1 << 30);
        assert_eq!(endless.phase(late), Phase::Good);
    }

    #[test]
    fn a_new_token_that_is_refused_is_not_replaced_at_once() {
        let token = token(None);
        assert!(!token.worth_replacing(token.since));
        assert!(token.worth_replacing(token.since + MIN_AGE));
        token.accepted();
        assert!(token.worth_replacing(token.since));
    }

    #[test]
    fn the_wait_grows_to_a_minute() {
        let waits = [0, 1, 2, 6, 40].map(|times| backoff(times).as_secs());
        assert_eq!(waits, [1, 2, 4, 60, 60]);
    }
}
