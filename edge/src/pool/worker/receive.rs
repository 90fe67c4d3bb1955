//! What an upstream says: answers, questions, notifications, noise; each to the one it is for.

use super::{Slot, Waiter, Worker};
use crate::{
    mcp::{
        envelope::{Message, member, span, string},
        era::META_SUBSCRIPTION_ID,
        log_level::LogLevel,
    },
    pool::{
        changes::Change,
        pending::{Answer, Ended, Event, Kind, Notification, Question},
    },
};
use bytes::Bytes;
use http::StatusCode;
use serde_json::value::RawValue;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc::error::TrySendError;

impl Worker {
    /// Takes one message of the upstream. `on` is the request on whose own stream it came, where the
    /// transport has such streams. What is not JSON is noise: many servers print banners.
    pub(in crate::pool) fn receive(&self, line: &Bytes, on: Option<u64>) {
        self.receive_with(line, on, None);
    }

    /// The same, of an answer with this HTTP status.
    pub(in crate::pool) fn receive_with(
        &self,
        line: &Bytes,
        on: Option<u64>,
        status: Option<StatusCode>,
    ) {
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
                let status = status.map(|status| status.as_u16());
                self.settle(id, answer, status);
            }
            (Some(method), Some(id), _) => {
                self.receive_request(&method, id, message.params, line, on);
            }
            (Some(method), None, _) => self.receive_notification(&method, message.params, line, on),
            _ => self.receive_noise(line),
        }
    }

    fn settle(&self, id: &RawValue, answer: Answer, status: Option<u16>) {
        match id.get().parse().ok().and_then(|id| self.take(id)) {
            // The caller may have gone meanwhile.
            Some(Slot::Awaited(waiter)) => {
                let result = Ok(answer);
                drop(waiter.answer.send(Ended { result, status }));
            }
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
            // A task goes on after its call; another call must not hear of it.
            "notifications/tasks/status" if on.is_none() => {
                if let Some(own) = params.and_then(|params| member(params, "taskId")) {
                    self.changes.say(Change::Task {
                        worker: self.name,
                        own: own.get().to_owned(),
                        line: line.clone(),
                    });
                }
                return;
            }
            "notifications/tasks" | "notifications/subscriptions/acknowledged" => {
                let Some(id) = on.or_else(|| params.and_then(subscription)) else {
                    return;
                };
                (Some(id), Kind::Other)
            }
            // Of our own requests; nobody listens for these.
            "notifications/cancelled" => return,
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
        let slot = if let Some(id) = on {
            waiting.get(&id)
        } else {
            if matches!(event, Event::Question(_)) {
                self.asks.store(true, Ordering::Relaxed);
            }
            let mut all = waiting.values().filter(|slot| slot.is_call());
            all.next().filter(|_| all.next().is_none())
        };
        match slot {
            Some(Slot::Awaited(Waiter {
                events: Some(events),
                ..
            })) => events.try_send(event).map_err(TrySendError::into_inner),
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
}

/// The request of ours that asked to be told, as a modern upstream says without a stream for each.
fn subscription(params: &RawValue) -> Option<u64> {
    let id = member(member(params, "_meta")?, META_SUBSCRIPTION_ID)?;
    id.get().parse().ok()
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
    use crate::pool::{
        pending::Lost,
        worker::{Expecting, Outgoing, Way},
    };
    use std::sync::Arc;
    use tokio::sync::mpsc;

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
            .send(Expecting::CallAnswer, Way::default(), line)
            .await
            .unwrap();
        let mut second = worker
            .send(Expecting::CallAnswer, Way::default(), line)
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
            .send(Expecting::CallAnswer, Way::default(), |_| b"{}".to_vec())
            .await
            .unwrap();
        let mut second = worker
            .send(Expecting::CallAnswer, Way::default(), |_| b"{}".to_vec())
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
            .send(Expecting::CallAnswer, Way::default(), |_| b"{}".to_vec())
            .await
            .unwrap();
        worker.end();
        assert_eq!(pending.answer().await.err(), Some(Lost::Gone));
        assert!(
            worker
                .send(Expecting::CallAnswer, Way::default(), |_| b"{}".to_vec())
                .await
                .is_err()
        );
    }
}
