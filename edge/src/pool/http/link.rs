//! One connection over Streamable HTTP: messages in their order, each on a request of its own, and the
//! stream on which a legacy upstream speaks by itself.

use super::{
    BOTH, EVENT_STREAM, LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID,
    client::Client,
    events::Events,
    session::{Session, Sessions},
};
use crate::{
    mcp::envelope::{Message, member, string},
    pool::worker::{Outgoing, Worker},
};
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use reqwest::{Method, Response};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a server gets to take a message that the next one may be about.
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
const RECONNECT: Duration = Duration::from_secs(1);
const MAX_RECONNECT: Duration = Duration::from_secs(60);

pub(super) struct Link {
    pub(super) client: Client,
    pub(super) worker: Arc<Worker>,
    pub(super) sessions: Sessions,
    /// One handshake at a time.
    renewing: tokio::sync::Mutex<()>,
    /// There was a handshake. Without one, closing a response cancels its request.
    legacy: AtomicBool,
    /// The responses that are being read, by the request.
    reading: Mutex<HashMap<u64, CancellationToken>>,
    /// Everything of this connection ends with it.
    over: CancellationToken,
    tasks: TaskTracker,
}

impl Link {
    pub(super) fn new(client: Client, worker: Arc<Worker>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            client,
            over: worker.stop.child_token(),
            worker,
            sessions: Sessions::default(),
            renewing: tokio::sync::Mutex::default(),
            legacy: AtomicBool::new(false),
            reading: Mutex::default(),
            tasks,
        })
    }

    /// Until the worker is dropped.
    pub(super) async fn run(
        self: &Arc<Self>,
        mut outgoing: mpsc::Receiver<Outgoing>,
    ) -> Result<(), String> {
        while let Some(message) = outgoing.recv().await {
            if let Some(id) = message.cancels.filter(|_| !self.is_legacy()) {
                self.stop_reading(id);
                continue;
            }
            if message.first {
                let sent = self.deliver(message);
                let _ = tokio::time::timeout(FIRST_TIMEOUT, sent).await;
            } else {
                self.spawn(message);
            }
        }
        Ok(())
    }

    fn spawn(self: &Arc<Self>, message: Outgoing) {
        let stop = self.over.child_token();
        if let Some(id) = message.id {
            self.reading().insert(id, stop.clone());
        }
        let link = Arc::clone(self);
        self.tasks.spawn(async move {
            let id = message.id;
            tokio::select! {
                () = link.deliver(message) => {}
                () = stop.cancelled() => {}
            }
            if let Some(id) = id {
                link.reading().remove(&id);
            }
        });
    }

    fn stop_reading(&self, id: u64) {
        if let Some(reading) = self.reading().remove(&id) {
            reading.cancel();
        }
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_legacy(&self) -> bool {
        self.legacy.load(Ordering::Relaxed)
    }

    pub(super) fn set_legacy(&self) {
        self.legacy.store(true, Ordering::Relaxed);
    }

    /// Opens another session in place of a lost one, once for everybody who noticed.
    pub(super) async fn renew(self: &Arc<Self>, lost: &Session) -> Result<(), String> {
        let _turn = self.renewing.lock().await;
        if self.sessions.current().generation != lost.generation {
            return Ok(());
        }
        let handshake = self.sessions.handshake().ok_or("it has no session")?;
        tracing::info!(
            worker = self.worker.id,
            "the upstream lost the session; it gets another"
        );
        let request = self
            .client
            .request(Method::POST, &self.client.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, BOTH)
            .body(handshake.clone());
        let response = request.send().await.map_err(super::client::describe)?;
        if !response.status().is_success() {
            return Err(format!("it opens no session ({})", response.status()));
        }
        let id = response.headers().get(SESSION_ID).cloned();
        let answer = first_message(response).await.ok_or("it opens no session")?;
        self.sessions.open(handshake, id, revision(&answer));
        let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let request = self.with_session(self.client.request(Method::POST, &self.client.url));
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, BOTH)
            .body(initialized);
        request.send().await.map_err(super::client::describe)?;
        self.worker.renewed();
        Ok(())
    }

    pub(super) fn with_session(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let session = self.sessions.current();
        let mut request = request;
        if let Some(id) = session.id {
            request = request.header(SESSION_ID, id);
        }
        if let Some(revision) = session.revision {
            request = request.header(PROTOCOL_VERSION, revision);
        }
        request
    }

    /// Reads what a legacy upstream says by itself, for as long as it offers such a stream. It is open
    /// before this returns: what a server says earlier than that, it says to nobody.
    pub(super) async fn listen(self: &Arc<Self>) {
        let Some(stream) = self.get(None).await else {
            return;
        };
        let link = Arc::clone(self);
        let over = self.over.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = link.read_unasked(stream) => {}
                () = over.cancelled() => {}
            }
        });
    }

    async fn read_unasked(&self, stream: Response) {
        let mut wait = RECONNECT;
        let mut last: Option<HeaderValue> = None;
        let mut stream = Some(stream);
        loop {
            if let Some(response) = stream {
                wait = RECONNECT;
                let mut events = Events::of(response);
                while let Some(event) = events.next().await {
                    wait = event.retry.unwrap_or(wait).min(MAX_RECONNECT);
                    last = event
                        .id
                        .and_then(|id| HeaderValue::try_from(id).ok())
                        .or(last);
                    if let Some(data) = event.data {
                        self.worker.receive(&data, None);
                    }
                }
            } else if last.is_none() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(MAX_RECONNECT);
            stream = self.get(last.as_ref()).await;
        }
    }

    /// A stream of events, where the upstream offers one.
    pub(super) async fn get(&self, last: Option<&HeaderValue>) -> Option<Response> {
        let mut request = self
            .with_session(self.client.request(Method::GET, &self.client.url))
            .header(ACCEPT, EVENT_STREAM);
        if let Some(last) = last {
            request = request.header(LAST_EVENT_ID, last.clone());
        }
        let response = request.send().await.ok()?;
        let events = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        (response.status() == StatusCode::OK && events).then_some(response)
    }

    /// Tells a legacy upstream that its session is not needed any more.
    pub(super) async fn leave(&self) {
        self.over.cancel();
        if self.sessions.current().id.is_some() {
            let request = self.with_session(self.client.request(Method::DELETE, &self.client.url));
            let _ = tokio::time::timeout(LEAVE_TIMEOUT, request.send()).await;
        }
    }
}

/// The answer to a handshake, whichever way it comes.
async fn first_message(response: Response) -> Option<Bytes> {
    let kind = response.headers().get(CONTENT_TYPE).cloned();
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let mut events = Events::of(response);
        loop {
            if let Some(data) = events.next().await?.data {
                return Some(data);
            }
        }
    }
    response.bytes().await.ok()
}

/// What an `initialize` was answered with.
pub(super) fn revision(answer: &[u8]) -> Option<HeaderValue> {
    let message = Message::parse(answer).ok()?;
    let result: &RawValue = message.result?;
    let version = member(result, "protocolVersion").and_then(string)?;
    HeaderValue::try_from(version.as_ref()).ok()
}
