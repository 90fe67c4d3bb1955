//! One connection over Streamable HTTP: messages in their order, each on a request of its own, and the
//! stream on which a legacy upstream speaks by itself.

use super::{
    BOTH, EVENT_STREAM, JSON, LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID,
    client::{Client, SendError},
    connections::Response,
    events::Events,
    session::{Session, Sessions},
};
use crate::{
    mcp::envelope::{Message, member, string},
    pool::{
        pending::Refusal,
        worker::{Outgoing, Worker},
    },
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a server gets to take a message that the next one may be about.
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a response is read after its request was cancelled.
const AFTER_CANCELLATION: Duration = Duration::from_secs(10);
/// What a server gets to open another session.
const RENEW_TIMEOUT: Duration = Duration::from_secs(30);
/// What the first call waits for the stream on which a server speaks by itself.
const STREAM_TIMEOUT: Duration = Duration::from_secs(2);
/// Whatever a server asks for, it is not connected to more often than this.
const MIN_RECONNECT: Duration = Duration::from_millis(100);
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
    /// Those that post a request and read its response, by the request.
    reading: Mutex<HashMap<u64, AbortHandle>>,
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
    ) -> Result<(), Refusal> {
        while let Some(message) = outgoing.recv().await {
            if let Some(id) = message.cancels {
                if !self.is_legacy() {
                    self.stop_reading(id);
                    continue;
                }
                self.stop_reading_later(id);
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
        let link = Arc::clone(self);
        let Some(id) = message.id else {
            let over = self.over.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = link.deliver(message) => {}
                    () = over.cancelled() => {}
                }
            });
            return;
        };
        // Before it can be taken out again.
        let mut reading = self.reading();
        let task = self.tasks.spawn(async move {
            link.deliver(message).await;
            link.reading().remove(&id);
        });
        reading.insert(id, task.abort_handle());
    }

    /// A legacy upstream that was told of a cancellation may still answer, and need not.
    fn stop_reading_later(self: &Arc<Self>, id: u64) {
        let link = Arc::clone(self);
        let over = self.over.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(AFTER_CANCELLATION) => link.stop_reading(id),
                () = over.cancelled() => {}
            }
        });
    }

    fn stop_reading(&self, id: u64) {
        if let Some(reading) = self.reading().remove(&id) {
            reading.abort();
        }
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_legacy(&self) -> bool {
        self.legacy.load(Ordering::Relaxed)
    }

    pub(super) fn set_legacy(&self) {
        self.legacy.store(true, Ordering::Relaxed);
    }

    /// Opens another session in place of a lost one, once for everybody who noticed.
    pub(super) async fn renew(self: &Arc<Self>, lost: &Session) -> Result<(), Refusal> {
        let _turn = self.renewing.lock().await;
        if self.sessions.current().generation != lost.generation {
            return Ok(());
        }
        let handshake = self.sessions.handshake().ok_or("it has no session")?;
        tracing::info!(
            worker = self.worker.id,
            "the upstream lost the session; it gets another"
        );
        tokio::time::timeout(RENEW_TIMEOUT, self.shake_hands(handshake))
            .await
            .map_err(|_| "it did not open another session in time")??;
        self.worker.renewed();
        Ok(())
    }

    /// Both steps of the handshake; the session counts once the second was taken.
    async fn shake_hands(&self, handshake: Bytes) -> Result<(), Refusal> {
        let message = |body: Bytes| {
            let mut request = self.client.request(Method::POST);
            request.headers_mut().insert(CONTENT_TYPE, JSON);
            request.headers_mut().insert(ACCEPT, BOTH);
            *request.body_mut() = body;
            request
        };
        let opened = self.client.send(message(handshake.clone())).await;
        let opened = opened.map_err(SendError::refusal)?;
        let status = opened.status();
        if !status.is_success() {
            let problem = format!("it opens no session ({status})");
            return Err(super::refusal(status, problem));
        }
        let id = opened.headers().get(SESSION_ID).cloned();
        let answer = first_answer(opened).await.ok_or("it opens no session")?;
        let revision = revision(&answer).ok_or("it opens no session")?;
        let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let mut initialized = message(Bytes::from_static(initialized.as_bytes()));
        let headers = initialized.headers_mut();
        headers.insert(PROTOCOL_VERSION, revision.clone());
        if let Some(id) = &id {
            headers.insert(SESSION_ID, id.clone());
        }
        let taken = self.client.send(initialized).await;
        taken.map_err(SendError::refusal)?;
        self.sessions.open(handshake, id, Some(revision));
        Ok(())
    }

    pub(super) fn add_session(&self, headers: &mut HeaderMap) {
        let session = self.sessions.current();
        if let Some(id) = session.id {
            headers.insert(SESSION_ID, id);
        }
        if let Some(revision) = session.revision {
            headers.insert(PROTOCOL_VERSION, revision);
        }
    }

    /// Reads what a legacy upstream says by itself, for as long as the connection lasts, if it offers such a
    /// stream. Usually that is open before this returns: what a server says earlier, it says to nobody.
    pub(super) async fn listen(self: &Arc<Self>) {
        let link = Arc::clone(self);
        let over = self.over.clone();
        let (opened, open) = oneshot::channel();
        self.tasks.spawn(async move {
            let read = async {
                if let Ok(stream) = link.get(None).await {
                    let _ = opened.send(());
                    link.read_unasked(stream).await;
                }
            };
            tokio::select! {
                () = read => {}
                () = over.cancelled() => {}
            }
        });
        let _ = tokio::time::timeout(STREAM_TIMEOUT, open).await;
    }

    /// Through every break: a server that was restarted offers its stream again.
    async fn read_unasked(&self, stream: Response) {
        let mut wait = RECONNECT;
        let mut last: Option<HeaderValue> = None;
        let mut stream = Some(stream);
        loop {
            if let Some(response) = stream {
                wait = RECONNECT;
                let mut events = Events::of(response);
                while let Some(event) = events.next().await {
                    wait = event.retry.unwrap_or(wait);
                    last = event
                        .id
                        .and_then(|id| HeaderValue::try_from(id).ok())
                        .or(last);
                    if let Some(data) = event.data {
                        self.worker.receive(&data, None);
                    }
                }
            }
            wait = wait.clamp(MIN_RECONNECT, MAX_RECONNECT);
            tokio::time::sleep(wait).await;
            wait *= 2;
            stream = self.get(last.as_ref()).await.ok();
        }
    }

    /// A stream of events, where the upstream offers one.
    pub(super) async fn get(&self, last: Option<&HeaderValue>) -> Result<Response, Refusal> {
        let mut request = self.client.request(Method::GET);
        let headers = request.headers_mut();
        self.add_session(headers);
        headers.insert(ACCEPT, EVENT_STREAM);
        if let Some(last) = last {
            headers.insert(LAST_EVENT_ID, last.clone());
        }
        let response = self.client.send(request).await;
        let response = response.map_err(SendError::refusal)?;
        let events = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if response.status() == StatusCode::OK && events {
            Ok(response)
        } else {
            let status = response.status();
            let problem = format!("it offers no event stream ({status})");
            Err(super::refusal(status, problem))
        }
    }

    /// Tells a legacy upstream that its session is not needed any more.
    pub(super) async fn leave(&self) {
        self.over.cancel();
        for (_, reading) in self.reading().drain() {
            reading.abort();
        }
        if self.sessions.current().id.is_some() {
            let mut request = self.client.request(Method::DELETE);
            self.add_session(request.headers_mut());
            let _ = tokio::time::timeout(LEAVE_TIMEOUT, self.client.send(request)).await;
        }
    }
}

/// The answer to a handshake, whichever way it comes.
async fn first_answer(response: Response) -> Option<Bytes> {
    let kind = response.headers().get(CONTENT_TYPE).cloned();
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let mut events = Events::of(response);
        loop {
            let data = events.next().await?.data;
            if let Some(data) = data.filter(|data| revision(data).is_some()) {
                return Some(data);
            }
        }
    }
    super::post::body(response).await.ok()
}

/// What an `initialize` was answered with.
pub(super) fn revision(answer: &[u8]) -> Option<HeaderValue> {
    let message = Message::parse(answer).ok()?;
    let result: &RawValue = message.result?;
    let version = member(result, "protocolVersion").and_then(string)?;
    HeaderValue::try_from(version.as_ref()).ok()
}
