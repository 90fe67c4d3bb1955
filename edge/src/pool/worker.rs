//! One worker process as its callers see it: requests go in under our ids, answers come back.

use super::pending::{Answer, Lost, Pending, Progress};
use crate::mcp::envelope::{Message, is_object, span};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Progress notifications a slow client may be behind before further ones are dropped.
const PROGRESS_BUFFER: usize = 32;

pub(super) struct Waiter {
    answer: oneshot::Sender<Answer>,
    progress: Option<mpsc::Sender<Progress>>,
}

pub struct Worker {
    pub id: u64,
    pub pid: u32,
    outgoing: mpsc::Sender<Bytes>,
    next_id: AtomicU64,
    /// Requests without an answer, by our id. Unset once the worker ended, so that none can be added.
    waiting: Mutex<Option<HashMap<u64, Waiter>>>,
    /// Asks the supervisor to end the process.
    pub(super) stop: CancellationToken,
    /// The worker said that its tools changed.
    pub(super) tools_changed: Arc<Notify>,
}

impl Worker {
    pub(super) fn new(
        id: u64,
        pid: u32,
        outgoing: mpsc::Sender<Bytes>,
        tools_changed: Arc<Notify>,
    ) -> Self {
        Self {
            id,
            pid,
            outgoing,
            next_id: AtomicU64::new(1),
            waiting: Mutex::new(Some(HashMap::new())),
            stop: CancellationToken::new(),
            tools_changed,
        }
    }

    /// Sends a request. `line` makes its text, without line end, from the id it must carry, which is
    /// also the progress token to ask for.
    pub async fn send(
        self: &Arc<Self>,
        wants_progress: bool,
        line: impl FnOnce(u64) -> Vec<u8>,
    ) -> Result<Pending, Lost> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, receiver) = oneshot::channel();
        let (progress, updates) = if wants_progress {
            let (sender, receiver) = mpsc::channel(PROGRESS_BUFFER);
            (Some(sender), Some(receiver))
        } else {
            (None, None)
        };
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting
                .as_mut()
                .ok_or(Lost)?
                .insert(id, Waiter { answer, progress });
        }
        // From here on dropping it takes the entry away again.
        let pending = Pending::new(Arc::clone(self), id, receiver, updates);
        self.outgoing
            .send(framed(line(id)))
            .await
            .map_err(|_| Lost)?;
        Ok(pending)
    }

    /// A request of our own, as a whole message, and its answer.
    pub async fn request(
        self: &Arc<Self>,
        method: &str,
        params: &serde_json::Value,
    ) -> Result<Answer, Lost> {
        let mut pending = self
            .send(false, |id| {
                serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
                    .to_string()
                    .into_bytes()
            })
            .await?;
        pending.answer().await
    }

    /// Sends a notification, or drops it when the worker reads too slowly to care.
    pub fn notify(&self, method: &str, params: &serde_json::Value) {
        let line = serde_json::json!({"jsonrpc": "2.0", "method": method, "params": params});
        if self
            .outgoing
            .try_send(framed(line.to_string().into_bytes()))
            .is_err()
        {
            tracing::debug!(worker = self.id, method, "the worker takes no notification");
        }
    }

    /// Fails everything that waits, and everything to come.
    pub(super) fn end(&self) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.stop.cancel();
    }

    pub fn ended(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Takes one line of the worker's stdout. What is not JSON is noise: many servers print banners.
    pub(super) fn receive(&self, line: &Bytes) {
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
            (Some(method), Some(id), _) => self.answer_request(&method, id),
            (Some(method), None, _) => self.receive_notification(&method, message.params, line),
            _ => self.receive_noise(line),
        }
    }

    fn settle(&self, id: &RawValue, answer: Answer) {
        let waiter = id.get().parse().ok().and_then(|id| self.take(id));
        if let Some(waiter) = waiter {
            // The caller may have gone meanwhile.
            let _ = waiter.answer.send(answer);
        } else {
            metrics::counter!("ostia_worker_stray_answers_total").increment(1);
            tracing::debug!(
                worker = self.id,
                id = id.get(),
                "an answer that nobody waits for"
            );
        }
    }

    /// What a server may ask of its client. Nothing but `ping` was offered in the handshake.
    fn answer_request(&self, method: &str, id: &RawValue) {
        let line = if method == "ping" {
            format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, id.get())
        } else {
            format!(
                r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-32601,"message":"Ostia offers no such capability"}}}}"#,
                id.get()
            )
        };
        // The reader must not wait for the writer: the worker might be waiting for the reader.
        if self.outgoing.try_send(framed(line.into_bytes())).is_err() {
            tracing::warn!(
                worker = self.id,
                method,
                "the worker's request stays unanswered: it reads too slowly"
            );
        }
    }

    fn receive_notification(&self, method: &str, params: Option<&RawValue>, line: &Bytes) {
        match method {
            "notifications/progress" => {
                let Some(token) = params.and_then(progress_token) else {
                    return;
                };
                let Ok(id) = token.get().parse::<u64>() else {
                    return;
                };
                let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let waiter = waiting.as_ref().and_then(|waiting| waiting.get(&id));
                if let Some(progress) = waiter.and_then(|waiter| waiter.progress.as_ref()) {
                    // A client that reads too slowly misses updates, never the answer.
                    let _ = progress.try_send(Progress {
                        token: span(line, token),
                        line: line.clone(),
                    });
                }
            }
            "notifications/tools/list_changed" => self.tools_changed.notify_one(),
            _ => {}
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

    pub(super) fn take(&self, id: u64) -> Option<Waiter> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()?
            .remove(&id)
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

fn progress_token(params: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Token<'a> {
        #[serde(borrow, rename = "progressToken")]
        token: &'a RawValue,
    }
    is_object(params)
        .then(|| serde_json::from_str::<Token<'_>>(params.get()).ok())?
        .map(|t| t.token)
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

    fn worker() -> (Arc<Worker>, mpsc::Receiver<Bytes>) {
        let (sender, receiver) = mpsc::channel(8);
        (
            Arc::new(Worker::new(1, 2, sender, Arc::default())),
            receiver,
        )
    }

    #[tokio::test]
    async fn answers_find_their_callers_in_any_order() {
        let (worker, _lines) = worker();
        let line = |id: u64| format!(r#"{{"id":{id}}}"#).into_bytes();
        let mut first = worker.send(false, line).await.unwrap();
        let mut second = worker.send(false, line).await.unwrap();
        worker.receive(&Bytes::from_static(
            br#"{"jsonrpc":"2.0","id":2,"result":{"n":2}}"#,
        ));
        worker.receive(&Bytes::from_static(br#"{"result":{"n":1},"id":1}"#));
        assert_eq!(first.answer().await.unwrap().payload(), br#"{"n":1}"#);
        assert_eq!(second.answer().await.unwrap().payload(), br#"{"n":2}"#);
    }

    #[tokio::test]
    async fn a_broken_answer_fails_its_caller_and_nobody_else() {
        let (worker, _lines) = worker();
        let mut first = worker.send(false, |_| b"{}".to_vec()).await.unwrap();
        let mut second = worker.send(false, |_| b"{}".to_vec()).await.unwrap();
        worker.receive(&Bytes::from_static(
            b"{\"id\": 1, \"result\": {\"a\":\"\xff\"}}",
        ));
        worker.receive(&Bytes::from_static(b"Server listening on stdio"));
        worker.receive(&Bytes::from_static(br#"{"id":2,"error":{"code":1}}"#));
        assert_eq!(first.answer().await.err(), Some(Lost));
        assert!(!second.answer().await.unwrap().is_result);
    }

    #[tokio::test]
    async fn an_ended_worker_fails_all_and_takes_no_more() {
        let (worker, _lines) = worker();
        let mut pending = worker.send(false, |_| b"{}".to_vec()).await.unwrap();
        worker.end();
        assert_eq!(pending.answer().await.err(), Some(Lost));
        assert!(worker.send(false, |_| b"{}".to_vec()).await.is_err());
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(
            framed(b"{\n \"a\":\r\n1}".to_vec()),
            &b"{  \"a\":  1}\n"[..]
        );
    }
}
