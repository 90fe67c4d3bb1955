//! One message to an upstream, and whatever comes of it.

use super::{
    BOTH, JSON, MAX_MESSAGE_BYTES, METHOD, NAME, PROTOCOL_VERSION, SESSION_ID,
    connections::Response,
    events::Events,
    link::{Link, revision},
};
use crate::{
    mcp::{
        envelope::{Message, Meta, Params, member, string},
        headers::encode,
    },
    pool::{
        pending::{Ended, Lost},
        worker::Outgoing,
    },
};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use ostia_domain::upstream::Stage;
use serde_json::value::RawValue;
use std::{sync::Arc, time::Duration};

/// Of what a server says about its refusal, operators read this much.
const MAX_SHOWN: usize = 200;
/// How often in a row a stream that broke off is picked up again in vain, and how long after.
const MAX_RESUMED: u32 = 10;
const RESUME_AFTER: Duration = Duration::from_secs(1);
const MIN_RESUME_AFTER: Duration = Duration::from_millis(100);
const MAX_RESUME_AFTER: Duration = Duration::from_secs(30);

/// What of a message decides how it is sent.
struct Head {
    method: String,
    modern: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Head {
    /// From the message itself: nothing that a client said in headers comes here.
    fn of(message: &Outgoing, legacy: bool) -> Self {
        let parsed = Message::parse(&message.line).unwrap_or_default();
        let method = parsed.method.as_deref().unwrap_or_default();
        let params = parsed.params.and_then(|raw| Params::parse(raw).ok());
        let meta = params
            .as_ref()
            .and_then(|params| params.meta)
            .and_then(|raw| Meta::parse(raw).ok());
        let version = meta
            .filter(|_| !legacy)
            .and_then(|meta| meta.protocol_version)
            .and_then(string);
        let mut headers = message.way.headers.clone();
        if let Some(version) = &version {
            headers.push((PROTOCOL_VERSION, encode(version)));
            headers.push((METHOD, encode(method)));
            let named = match method {
                "tools/call" | "prompts/get" => params.as_ref().and_then(|params| params.name),
                "resources/read" => params.as_ref().and_then(|params| params.uri),
                "tasks/get" | "tasks/update" | "tasks/cancel" => {
                    parsed.params.and_then(|params| member(params, "taskId"))
                }
                _ => None,
            };
            if let Some(name) = named.and_then(string) {
                headers.push((NAME, encode(&name)));
            }
        }
        Self {
            method: method.to_owned(),
            modern: version.is_some(),
            headers,
        }
    }
}

/// Why there is no answer.
pub(super) enum Failure {
    /// The connection broke before anything of it came.
    Broke,
    Lost(Lost),
    /// The upstream answered so.
    Status(StatusCode, Lost),
}

impl From<Lost> for Failure {
    fn from(why: Lost) -> Self {
        Self::Lost(why)
    }
}

impl Link {
    /// Posts a message and feeds what comes back to the worker. One that broke on its way is posted again,
    /// once, where that does no more than posting it once. A request without an answer is failed.
    pub(super) async fn deliver(self: &Arc<Self>, message: Outgoing) {
        let head = Head::of(&message, self.is_legacy());
        if head.method == "initialize" {
            self.set_legacy();
        }
        let mut ended = self.exchange(&message, &head).await;
        if matches!(ended, Err(Failure::Broke)) && message.way.repeatable {
            tracing::info!(worker = self.worker.id, "a request is repeated");
            ended = self.exchange(&message, &head).await;
        }
        let (why, status) = match ended {
            Ok(()) => return,
            Err(Failure::Broke) => (Lost::Gone, None),
            Err(Failure::Lost(why)) => (why, None),
            Err(Failure::Status(status, why)) => (why, Some(status.as_u16())),
        };
        if let Lost::Refused(refusal) = &why
            && matches!(
                refusal.stage,
                Some(Stage::Resolve | Stage::Connect | Stage::Tls)
            )
        {
            self.worker.unreachable();
        }
        if let Some(id) = message.id {
            let result = Err(why);
            self.worker.fail(id, Ended { result, status });
        }
    }

    async fn exchange(self: &Arc<Self>, message: &Outgoing, head: &Head) -> Result<(), Failure> {
        let before = self.sessions.current();
        let response = self.post(message, head).await?;
        let lost = before.id.is_some()
            && !head.modern
            && matches!(
                response.status(),
                StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
            );
        if !lost {
            return self.read(message, head, response).await;
        }
        // The message was refused for its session, so that sending it again does nothing twice.
        match self.renew(&before).await {
            Ok(()) => {
                let response = self.post(message, head).await?;
                self.read(message, head, response).await
            }
            Err(problem) => {
                tracing::warn!(worker = self.worker.id, ?problem, "the session is lost");
                // Before the end of the worker says less: this was certainly not done.
                let refused = Lost::Refused(problem);
                if let Some(id) = message.id {
                    self.worker.fail(id, refused.clone());
                }
                self.worker.end();
                Err(refused.into())
            }
        }
    }

    async fn post(&self, message: &Outgoing, head: &Head) -> Result<Response, Failure> {
        let mut request = self.client.request(Method::POST);
        let headers = request.headers_mut();
        headers.extend(head.headers.iter().cloned());
        if !head.modern && head.method != "initialize" {
            self.add_session(headers);
        }
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, BOTH);
        *request.body_mut() = message.body();
        let sent = self.client.send(request).await;
        sent.map_err(|error| {
            error
                .lost(self.worker.id)
                .map_or(Failure::Broke, Failure::Lost)
        })
    }

    async fn read(
        self: &Arc<Self>,
        message: &Outgoing,
        head: &Head,
        response: Response,
    ) -> Result<(), Failure> {
        let status = response.status();
        let session = response.headers().get(SESSION_ID).cloned();
        let events = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let Some(id) = message.id else {
            if head.method == "notifications/initialized" && status.is_success() && !head.modern {
                self.listen().await;
            }
            return Ok(());
        };
        if events && status.is_success() {
            return self.read_events(message, head, session, response).await;
        }
        let body = body(response).await?;
        if status.is_success() {
            if head.method == "initialize" {
                self.sessions
                    .open(message.line.clone(), session, revision(&body));
            }
            self.worker.receive_with(&body, Some(id), Some(status));
            // An answer that made no sense is none.
            self.worker.fail(id, Lost::Gone);
            return Ok(());
        }
        let refused = self.refused(id, head, status, &body);
        refused.map_err(|why| Failure::Status(status, why))
    }

    /// An answer as a stream. One that breaks off is picked up where it broke, if its events say where.
    async fn read_events(
        &self,
        message: &Outgoing,
        head: &Head,
        session: Option<HeaderValue>,
        response: Response,
    ) -> Result<(), Failure> {
        let id = message.id.unwrap_or_default();
        let status = response.status();
        let mut response = Some(response);
        let (mut last, mut wait) = (None::<HeaderValue>, RESUME_AFTER);
        let (mut vain, mut said) = (0, false);
        while vain <= MAX_RESUMED {
            vain += 1;
            if let Some(response) = response.take() {
                let mut events = Events::of(response);
                while let Some(event) = events.next().await {
                    vain = 0;
                    wait = event.retry.unwrap_or(wait).min(MAX_RESUME_AFTER);
                    last = event
                        .id
                        .and_then(|id| HeaderValue::try_from(id).ok())
                        .or(last);
                    let Some(data) = event.data else { continue };
                    said = true;
                    if head.method == "initialize" {
                        let line = message.line.clone();
                        self.sessions.open(line, session.clone(), revision(&data));
                    }
                    self.worker.receive_with(&data, Some(id), Some(status));
                    if !self.worker.awaits(id) {
                        return Ok(());
                    }
                }
                if events.too_large() {
                    return Err(too_large().into());
                }
            }
            if head.modern || last.is_none() {
                return Err(if said {
                    Lost::Gone.into()
                } else {
                    Failure::Broke
                });
            }
            tokio::time::sleep(wait.max(MIN_RESUME_AFTER)).await;
            response = self.get(last.as_ref()).await.ok();
        }
        Err(Lost::Gone.into())
    }

    /// A status that is no success. What says so in JSON-RPC is an answer.
    fn refused(&self, id: u64, head: &Head, status: StatusCode, body: &Bytes) -> Result<(), Lost> {
        let error = Message::parse(body)
            .ok()
            .and_then(|message| message.error.map(RawValue::get).map(str::to_owned));
        // What these say is about this request; anything else may be over in a moment.
        let client_error = matches!(
            status,
            StatusCode::BAD_REQUEST
                | StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::NOT_ACCEPTABLE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE
                | StatusCode::UNPROCESSABLE_ENTITY
        );
        if let Some(error) = error.filter(|_| client_error) {
            let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#);
            self.worker
                .receive_with(&line.into(), Some(id), Some(status));
            return Ok(());
        }
        if client_error && head.method == "server/discover" {
            // A server that knows no such thing says so as it likes.
            let error = r#"{"code":-32601,"message":"refused without a word"}"#;
            let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#);
            self.worker
                .receive_with(&line.into(), Some(id), Some(status));
            return Ok(());
        }
        let shown = self.client.redact(&String::from_utf8_lossy(body));
        let shown: String = shown.chars().take(MAX_SHOWN).collect();
        let problem = format!("it answered {} with {status}: {shown}", head.method);
        if status.is_server_error() {
            tracing::warn!(worker = self.worker.id, problem, "the upstream failed");
            return Err(Lost::Gone);
        }
        Err(Lost::Refused(super::refusal(status, problem)))
    }
}

fn too_large() -> Lost {
    Lost::Invalid(format!(
        "more than {MAX_MESSAGE_BYTES} bytes in one message"
    ))
}

pub(super) async fn body(response: Response) -> Result<Bytes, Failure> {
    let whole = response.into_body().whole(MAX_MESSAGE_BYTES).await;
    whole
        .map_err(|_| Failure::Broke)?
        .ok_or_else(|| too_large().into())
}
