//! One connection to an upstream as its callers see it: requests go in under our ids, answers come back.
//! Behind it is a process or an HTTP client.

use super::{
    changes::{Change, Changes},
    pending::{Answer, Event, Kind, Lost, Notification, Pending, Question},
};
use crate::mcp::{
    envelope::{Message, member, span, string},
    log_level::LogLevel,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use ostia_domain::capability::ClientCapabilities;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Events a slow client may be behind before further ones are dropped.
const EVENT_BUFFER: usize = 32;
/// Answers a worker may owe for calls that nobody waits for any more.
const MAX_ABANDONED: usize = 1024;

/// A message on its way to an upstream.
#[derive(Debug)]
pub struct Outgoing {
    /// One line, with its end.
    pub line: Bytes,
    /// The id of a request.
    pub id: Option<u64>,
    /// The request that this message cancels.
    pub cancels: Option<u64>,
    /// What HTTP needs beside the message: `Mcp-Param-*`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Outgoing {
    fn message(line: Vec<u8>) -> Self {
        Self {
            line: framed(line),
            id: None,
            cancels: None,
            headers: Vec::new(),
        }
    }
}

struct Waiter {
    answer: oneshot::Sender<Result<Answer, Lost>>,
    events: Option<mpsc::Sender<Event>>,
    /// A call of a client, which what the upstream says in between may belong to.
    call: bool,
}

/// What a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expecting {
    /// The answer to a question of Ostia itself.
    Answer,
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
    /// The least severe messages that the upstream was asked to log; unset: it was not asked.
    log_level: Mutex<Option<LogLevel>>,
    /// It has the capability of logging, and is legacy.
    logs: AtomicBool,
    /// It is legacy, and was told that its clients can be asked.
    may_ask: AtomicBool,
    /// It may still ask something for a caller that went away, and nobody could tell: it takes no more
    /// calls.
    haunted: AtomicBool,
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
            pid,
            me: Weak::clone(me),
            outgoing,
            next_id: AtomicU64::new(1),
            renewed: Notify::new(),
            waiting: Mutex::new(Some(HashMap::new())),
            stop: CancellationToken::new(),
            log_level: Mutex::new(None),
            logs: AtomicBool::new(false),
            may_ask: AtomicBool::new(false),
            haunted: AtomicBool::new(false),
            changes,
            asks,
        })
    }

    /// Sends a request. `line` makes its text, without line end, from the id it must carry, which is
    /// also the progress token to ask for.
    pub async fn send(
        &self,
        expecting: Expecting,
        headers: Vec<(HeaderName, HeaderValue)>,
        line: impl FnOnce(u64) -> Vec<u8>,
    ) -> Result<Pending, Lost> {
        let me = self.me.upgrade().ok_or(Lost::Gone)?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, receiver) = oneshot::channel();
        let (events, said) = if expecting == Expecting::CallEvents {
            let (sender, receiver) = mpsc::channel(EVENT_BUFFER);
            (Some(sender), Some(receiver))
        } else {
            (None, None)
        };
        let waiter = Waiter {
            answer,
            events,
            call: expecting != Expecting::Answer,
        };
        self.waiting()
            .as_mut()
            .ok_or(Lost::Gone)?
            .insert(id, Slot::Awaited(waiter));
        // From here on dropping it takes the entry away again.
        let pending = Pending::new(me, id, receiver, said);
        let message = Outgoing {
            id: Some(id),
            headers,
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
        self.send(Expecting::Answer, Vec::new(), message).await
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
            ..Outgoing::message(line.to_string().into_bytes())
        });
    }

    pub(super) async fn reply(&self, line: Vec<u8>) {
        // An upstream that ended waits for nothing.
        let _ = self.outgoing.send(Outgoing::message(line)).await;
    }

    /// For those who must not wait: the reader, because the worker might be waiting for it.
    pub(super) fn try_reply(&self, line: Vec<u8>) {
        self.try_send(Outgoing::message(line));
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

    /// The handshake says that the upstream logs on demand.
    pub fn logs(&self) {
        self.logs.store(true, Ordering::Relaxed);
    }

    /// Asks a legacy upstream to log from this level on, unless it does already. It logs for all callers
    /// of the worker alike: who gets what is decided when it comes.
    pub fn want_log(&self, level: LogLevel) {
        if !self.logs.load(Ordering::Relaxed) {
            return;
        }
        {
            let mut current = self
                .log_level
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if current.is_some_and(|current| current <= level) {
                return;
            }
            *current = Some(level);
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        if let Some(waiting) = self.waiting().as_mut() {
            waiting.insert(id, Slot::Ours);
        }
        let line = serde_json::json!({
            "jsonrpc": "2.0", "id": id, "method": "logging/setLevel",
            "params": {"level": level.as_str()}
        });
        self.try_send(Outgoing {
            id: Some(id),
            ..Outgoing::message(line.to_string().into_bytes())
        });
    }

    /// Whether it may be given another call.
    pub(super) fn takes_calls(&self) -> bool {
        !self.ended() && !self.haunted.load(Ordering::Relaxed)
    }

    /// Takes one message of the upstream. `on` is the request on whose own stream it came, where the
    /// transport has such streams. What is not JSON is noise: many servers print banners.
    pub(super) fn receive(&self, line: &Bytes, on: Option<u64>) {
        let Ok(message) = Message::parse(line) else {
            self.receive_noise(line);
            return;
        };
        match (message.method, message.id, message.result.or(message.error)) {
            (None, Some(id), Some(payload)) => {
                let answer = Answer {
                    id: span(line, id),
                    payload: span(line, payload),
                    is_result: message.result.is_some(),
                    line: line.clone(),
                };
                self.settle(id, answer);
            }
            (Some(method), Some(id), _) => {
                self.receive_request(&method, id, message.params, line, on)
            }
            (Some(method), None, _) => self.receive_notification(&method, message.params, line, on),
            _ => self.receive_noise(line),
        }
    }

    fn settle(&self, id: &RawValue, answer: Answer) {
        match id.get().parse().ok().and_then(|id| self.take(id)) {
            // The caller may have gone meanwhile.
            Some(Slot::Awaited(waiter)) => drop(waiter.answer.send(Ok(answer))),
            Some(Slot::Abandoned | Slot::Ours) => {}
            None => {
                metrics::counter!("ostia_worker_stray_answers_total").increment(1);
                tracing::debug!(
                    worker = self.id,
                    id = id.get(),
                    "an answer that nobody waits for"
                );
            }
        }
    }

    /// Fails one request.
    pub(super) fn fail(&self, id: u64, why: Lost) {
        if let Some(Slot::Awaited(waiter)) = self.take(id) {
            let _ = waiter.answer.send(Err(why));
        }
    }

    /// What a server may ask of its client. `ping` is for Ostia; the rest is for whoever called.
    fn receive_request(
        &self,
        method: &str,
        id: &RawValue,
        params: Option<&RawValue>,
        line: &Bytes,
        on: Option<u64>,
    ) {
        if method == "ping" {
            let line = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, id.get());
            return self.try_reply(line.into_bytes());
        }
        let Some(me) = self.me.upgrade() else { return };
        let params = params.map(|params| span(line, params));
        let question = Question::new(&me, line.clone(), method.to_owned(), span(line, id), params);
        let told = self.tell(on, Event::Question(question));
        if told.is_err() {
            tracing::debug!(worker = self.id, method, "a question that is for nobody");
        }
    }

    fn receive_notification(
        &self,
        method: &str,
        params: Option<&RawValue>,
        line: &Bytes,
        on: Option<u64>,
    ) {
        let (on, kind) = match method {
            "notifications/progress" => {
                let Some(token) = params.and_then(|params| member(params, "progressToken")) else {
                    return;
                };
                let Ok(id) = token.get().parse::<u64>() else {
                    return;
                };
                (Some(id), Kind::Progress(span(line, token)))
            }
            "notifications/message" => {
                let level = params
                    .and_then(|params| member(params, "level"))
                    .and_then(string);
                let Some(level) = level.and_then(|level| LogLevel::parse(&level)) else {
                    return;
                };
                (on, Kind::Log(level))
            }
            "notifications/tools/list_changed" => return self.changes.say(Change::Tools),
            "notifications/prompts/list_changed" => return self.changes.say(Change::Prompts),
            "notifications/resources/list_changed" => return self.changes.say(Change::Resources),
            "notifications/resources/updated" => {
                if let Some(uri) = params
                    .and_then(|params| member(params, "uri"))
                    .and_then(string)
                {
                    self.changes.say(Change::Updated(uri.into_owned()));
                }
                return;
            }
            // Of our own requests; nobody listens for these.
            "notifications/cancelled" | "notifications/subscriptions/acknowledged" => return,
            _ => (on, Kind::Other),
        };
        // A client that reads too slowly misses what is said in between, never the answer.
        let _ = self.tell(
            on,
            Event::Notification(Notification {
                line: line.clone(),
                kind,
            }),
        );
    }

    /// Hands an event to the call that it belongs to: the one whose stream it came on, or the only one
    /// there is. An event that could belong to two calls belongs to nobody.
    fn tell(&self, on: Option<u64>, event: Event) -> Result<(), Event> {
        let waiting = self.waiting();
        let Some(waiting) = waiting.as_ref() else {
            return Err(event);
        };
        let slot = match on {
            Some(id) => waiting.get(&id),
            None => {
                if matches!(event, Event::Question(_)) {
                    self.asks.store(true, Ordering::Relaxed);
                }
                let mut all = waiting.values().filter(|slot| slot.is_call());
                match (all.next(), all.next()) {
                    (only, None) => only,
                    _ => None,
                }
            }
        };
        match slot {
            Some(Slot::Awaited(Waiter {
                events: Some(events),
                ..
            })) => events.try_send(event).map_err(|full| full.into_inner()),
            _ => Err(event),
        }
    }

    /// Skips a line that is no message. One that began like an answer fails its caller now, who would
    /// otherwise wait for nothing.
    fn receive_noise(&self, line: &[u8]) {
        metrics::counter!("ostia_worker_noise_lines_total").increment(1);
        tracing::debug!(
            worker = self.id,
            bytes = line.len(),
            "a line that is no JSON-RPC message"
        );
        if let Some(id) = salvage_id(line) {
            drop(self.take(id));
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
        if self.pid.is_some() && self.may_ask.load(Ordering::Relaxed) {
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

/// The text as one line: stdio framing allows no line break inside a message. In valid JSON those
/// only stand between tokens.
fn framed(mut line: Vec<u8>) -> Bytes {
    if memchr::memchr2(b'\n', b'\r', &line).is_some() {
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    line.push(b'\n');
    line.into()
}

/// The id in a broken answer, read from its text alone.
fn salvage_id(line: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(line, b"\"id\":")? + 5;
    let digits: Vec<u8> = line[at..]
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take_while(u8::is_ascii_digit)
        .take(20)
        .collect();
    str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> (Arc<Worker>, mpsc::Receiver<Outgoing>) {
        let (sender, receiver) = mpsc::channel(8);
        (
            Worker::new(1, Some(2), sender, Default::default()),
            receiver,
        )
    }

    #[tokio::test]
    async fn answers_find_their_callers_in_any_order() {
        let (worker, _lines) = worker();
        let line = |id: u64| format!(r#"{{"id":{id}}}"#).into_bytes();
        let mut first = worker
            .send(Expecting::CallAnswer, Vec::new(), line)
            .await
            .unwrap();
        let mut second = worker
            .send(Expecting::CallAnswer, Vec::new(), line)
            .await
            .unwrap();
        worker.receive(
            &Bytes::from_static(br#"{"jsonrpc":"2.0","id":2,"result":{"n":2}}"#),
            None,
        );
        worker.receive(&Bytes::from_static(br#"{"result":{"n":1},"id":1}"#), None);
        assert_eq!(first.answer().await.unwrap().payload(), br#"{"n":1}"#);
        assert_eq!(second.answer().await.unwrap().payload(), br#"{"n":2}"#);
    }

    #[tokio::test]
    async fn a_broken_answer_fails_its_caller_and_nobody_else() {
        let (worker, _lines) = worker();
        let mut first = worker
            .send(Expecting::CallAnswer, Vec::new(), |_| b"{}".to_vec())
            .await
            .unwrap();
        let mut second = worker
            .send(Expecting::CallAnswer, Vec::new(), |_| b"{}".to_vec())
            .await
            .unwrap();
        worker.receive(
            &Bytes::from_static(b"{\"id\": 1, \"result\": {\"a\":\"\xff\"}}"),
            None,
        );
        worker.receive(&Bytes::from_static(b"Server listening on stdio"), None);
        worker.receive(&Bytes::from_static(br#"{"id":2,"error":{"code":1}}"#), None);
        assert_eq!(first.answer().await.err(), Some(Lost::Gone));
        assert!(!second.answer().await.unwrap().is_result);
    }

    #[tokio::test]
    async fn an_ended_worker_fails_all_and_takes_no_more() {
        let (worker, _lines) = worker();
        let mut pending = worker
            .send(Expecting::CallAnswer, Vec::new(), |_| b"{}".to_vec())
            .await
            .unwrap();
        worker.end();
        assert_eq!(pending.answer().await.err(), Some(Lost::Gone));
        assert!(
            worker
                .send(Expecting::CallAnswer, Vec::new(), |_| b"{}".to_vec())
                .await
                .is_err()
        );
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(
            framed(b"{\n \"a\":\r\n1}".to_vec()),
            &b"{  \"a\":  1}\n"[..]
        );
    }
}
