//! One connection to an upstream as its callers see it: requests go in under our ids, answers come back.
//! Behind it is a process or an HTTP client.

mod logging;
mod outgoing;
mod receive;

pub use outgoing::{Outgoing, Way};

use super::{
    changes::Changes,
    pending::{Answer, Ended, Event, Lost, Pending, Refusal},
};
use crate::mcp::log_level::LogLevel;
use ostia_domain::{capability::ClientCapabilities, clock};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events a slow client may be behind before further ones are dropped.
const EVENT_BUFFER: usize = 32;
/// Answers a worker may owe for calls that nobody waits for any more.
const MAX_ABANDONED: usize = 1024;

struct Waiter {
    answer: oneshot::Sender<Ended>,
    events: Option<mpsc::Sender<Event>>,
    /// A call of a client, which what the upstream says in between may belong to.
    call: bool,
}

/// What a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expecting {
    /// The answer to a question of Ostia itself.
    Answer,
    /// The same, and what is told under its id before it.
    Told,
    /// The answer to a client's call.
    CallAnswer,
    /// The same, and what the upstream says before it.
    CallEvents,
}

/// A request without an answer.
enum Slot {
    Awaited(Waiter),
    /// Its caller went away. What the worker says meanwhile may be about it.
    Abandoned,
    /// Of Ostia itself, which does not care for the answer.
    Ours,
}

impl Slot {
    fn is_call(&self) -> bool {
        match self {
            Self::Awaited(waiter) => waiter.call,
            Self::Abandoned => true,
            Self::Ours => false,
        }
    }
}

pub struct Worker {
    pub id: u64,
    /// Tells it from every other, of other edges and of earlier starts too.
    pub name: Uuid,
    /// Unset where there is no process.
    pub pid: Option<u32>,
    me: Weak<Self>,
    outgoing: mpsc::Sender<Outgoing>,
    next_id: AtomicU64,
    renewed: Notify,
    /// Requests without an answer, by our id. Unset once the worker ended, so that none can be added.
    waiting: Mutex<Option<HashMap<u64, Slot>>>,
    /// Asks whatever is behind the worker to end.
    pub(super) stop: CancellationToken,
    /// What ended it, where that is known.
    pub(super) ended_by: OnceLock<Refusal>,
    /// The least severe messages that the upstream was asked to log; unset: it was not asked.
    log_level: Mutex<Option<LogLevel>>,
    /// It has the capability of logging, and is legacy.
    logs: AtomicBool,
    /// It is legacy, and was told that its clients can be asked.
    may_ask: AtomicBool,
    /// Each request has a stream of its own, on which what belongs to it comes.
    streams: AtomicBool,
    /// It may still ask something for a caller that went away, and nobody could tell: it takes no more
    /// calls.
    haunted: AtomicBool,
    /// When somebody last began a task here or asked about one.
    tasks: Mutex<Option<Instant>>,
    changes: Arc<Changes>,
    /// Set once the upstream asked something that could belong to any call: from then on callers that can
    /// be asked have a worker for themselves.
    asks: Arc<AtomicBool>,
}

impl Worker {
    pub(super) fn new(
        id: u64,
        pid: Option<u32>,
        outgoing: mpsc::Sender<Outgoing>,
        (changes, asks): (Arc<Changes>, Arc<AtomicBool>),
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            id,
            name: Uuid::new_v4(),
            pid,
            me: Weak::clone(me),
            outgoing,
            next_id: AtomicU64::new(1),
            renewed: Notify::new(),
            waiting: Mutex::new(Some(HashMap::new())),
            stop: CancellationToken::new(),
            ended_by: OnceLock::new(),
            log_level: Mutex::new(None),
            logs: AtomicBool::new(false),
            may_ask: AtomicBool::new(false),
            streams: AtomicBool::new(false),
            haunted: AtomicBool::new(false),
            tasks: Mutex::default(),
            changes,
            asks,
        })
    }

    /// Sends a request. `line` makes its text, without line end, from the id it must carry, which is
    /// also the progress token to ask for.
    pub async fn send(
        &self,
        expecting: Expecting,
        way: Way,
        line: impl FnOnce(u64) -> Vec<u8>,
    ) -> Result<Pending, Lost> {
        let me = self.me.upgrade().ok_or(Lost::Gone)?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, receiver) = oneshot::channel();
        let listens = matches!(expecting, Expecting::CallEvents | Expecting::Told);
        let (events, said) = if listens {
            let (sender, receiver) = mpsc::channel(EVENT_BUFFER);
            (Some(sender), Some(receiver))
        } else {
            (None, None)
        };
        let waiter = Waiter {
            answer,
            events,
            call: matches!(expecting, Expecting::CallAnswer | Expecting::CallEvents),
        };
        self.waiting()
            .as_mut()
            .ok_or(Lost::Gone)?
            .insert(id, Slot::Awaited(waiter));
        // From here on dropping it takes the entry away again.
        let pending = Pending::new(me, id, receiver, said);
        let message = Outgoing {
            id: Some(id),
            first: false,
            way,
            ..Outgoing::message(line(id))
        };
        self.outgoing.send(message).await.map_err(|_| Lost::Gone)?;
        Ok(pending)
    }

    /// A request of our own, as a whole message, that stays open.
    pub async fn open(&self, method: &str, params: &serde_json::Value) -> Result<Pending, Lost> {
        let message = |id| {
            serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
                .to_string()
                .into_bytes()
        };
        self.send(Expecting::Answer, Way::default(), message).await
    }

    /// A request of our own, as a whole message, and its answer.
    pub async fn request(&self, method: &str, params: &serde_json::Value) -> Result<Answer, Lost> {
        self.open(method, params).await?.answer().await
    }

    /// Sends a notification, or drops it when the worker reads too slowly to care.
    pub fn notify(&self, method: &str, params: &serde_json::Value) {
        let line = serde_json::json!({"jsonrpc": "2.0", "method": method, "params": params});
        self.try_send(Outgoing::message(line.to_string().into_bytes()));
    }

    pub(super) fn cancel(&self, id: u64, reason: &str) {
        let params = serde_json::json!({"requestId": id, "reason": reason});
        let line = serde_json::json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params
        });
        self.try_send(Outgoing {
            cancels: Some(id),
            ..Outgoing::aside(line.to_string().into_bytes())
        });
    }

    pub(super) async fn reply(&self, line: Vec<u8>) {
        // An upstream that ended waits for nothing.
        let _ = self.outgoing.send(Outgoing::aside(line)).await;
    }

    /// For those who must not wait: the reader, because the worker might be waiting for it.
    pub(super) fn try_reply(&self, line: Vec<u8>) {
        self.try_send(Outgoing::aside(line));
    }

    fn try_send(&self, message: Outgoing) {
        if self.outgoing.try_send(message).is_err() {
            tracing::debug!(
                worker = self.id,
                "the worker reads too slowly: a message is dropped"
            );
        }
    }

    /// Fails everything that waits, and everything to come.
    pub(super) fn end(&self) {
        self.waiting().take();
        self.stop.cancel();
    }

    /// Nothing reaches the upstream: whoever lists it is to find out and to say so.
    pub(super) fn unreachable(&self) {
        self.changes.rediscover.notify_one();
    }

    /// Whether a request has no answer yet.
    pub(super) fn awaits(&self, id: u64) -> bool {
        self.waiting()
            .as_ref()
            .is_some_and(|waiting| waiting.contains_key(&id))
    }

    /// The upstream forgot everything about the connection, which goes on.
    pub(super) fn renewed(&self) {
        self.renewed.notify_waiters();
    }

    /// Resolves when the upstream forgot what it was asked for before.
    pub async fn forgotten(&self) {
        self.renewed.notified().await;
    }

    /// Resolves when it ended.
    pub async fn over(&self) {
        self.stop.cancelled().await;
    }

    pub fn ended(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The handshake says that callers of this worker can do this.
    pub fn declare(&self, capabilities: ClientCapabilities) {
        self.may_ask
            .store(capabilities.can_be_asked(), Ordering::Relaxed);
    }

    /// The transport gives each request a stream of its own.
    pub(super) fn has_streams(&self) {
        self.streams.store(true, Ordering::Relaxed);
    }

    /// Whether it may be given another call.
    pub(super) fn takes_calls(&self) -> bool {
        !self.ended() && !self.haunted.load(Ordering::Relaxed)
    }

    /// A task was begun here, or is asked about.
    pub fn has_task(&self) {
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::instant());
    }

    /// Whether there was a task within this time, which may go on while no call does.
    pub(super) fn had_task(&self, within: Duration) -> bool {
        let last = *self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| clock::instant().saturating_duration_since(last) < within)
    }

    /// Fails one request.
    pub(super) fn fail(&self, id: u64, why: impl Into<Ended>) {
        if let Some(Slot::Awaited(waiter)) = self.take(id) {
            let _ = waiter.answer.send(why.into());
        }
    }

    fn take(&self, id: u64) -> Option<Slot> {
        self.waiting().as_mut()?.remove(&id)
    }

    /// Nobody waits for this request any more.
    pub(super) fn abandon(&self, id: u64) {
        let mut waiting = self.waiting();
        let Some(waiting) = waiting.as_mut() else {
            return;
        };
        let Some(slot) = waiting.get_mut(&id) else {
            return;
        };
        if !slot.is_call() {
            waiting.remove(&id);
            return;
        }
        *slot = Slot::Abandoned;
        if !self.streams.load(Ordering::Relaxed) && self.may_ask.load(Ordering::Relaxed) {
            self.haunted.store(true, Ordering::Relaxed);
        }
        let owed = waiting
            .values()
            .filter(|slot| matches!(slot, Slot::Abandoned));
        if owed.count() > MAX_ABANDONED {
            waiting.retain(|_, slot| matches!(slot, Slot::Awaited(_)));
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<HashMap<u64, Slot>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
