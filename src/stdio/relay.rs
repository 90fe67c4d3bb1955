//! Requests on their way to the edge, and their answers on the way back.

use super::message::Line;
use crate::failure::Failure;
use futures_util::StreamExt as _;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use ostia_domain::key::Secret;
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use sse_stream::SseStream;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What the client gets when the edge cannot be reached; the page is that of the edge's own code.
const UNREACHABLE: i32 = -31034;

pub(super) struct Relay {
    http: Client,
    url: String,
    session: Mutex<Option<HeaderValue>>,
    /// Requests without an answer, by the id that the client gave them.
    in_flight: Mutex<HashMap<String, CancellationToken>>,
    lines: mpsc::Sender<Vec<u8>>,
}

impl Relay {
    pub(super) fn new(
        url: String,
        key: &Secret,
        lines: mpsc::Sender<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let mut key = HeaderValue::try_from(key.expose())
            .map_err(|_| Failure::usage("the API key has characters that no key has"))?;
        key.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (API_KEY, key),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (
                ACCEPT,
                HeaderValue::from_static("application/json, text/event-stream"),
            ),
        ]);
        let http = Client::builder()
            .default_headers(headers)
            .tcp_nodelay(true)
            // The key must not follow a redirect to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::new("cannot make an HTTP client").because(&error))?;
        Ok(Self {
            http,
            url,
            session: Mutex::default(),
            in_flight: Mutex::default(),
            lines,
        })
    }

    /// Begins a request beside those that are under way.
    pub(super) fn begin(self: &Arc<Self>, line: Line, tasks: &TaskTracker) {
        let relay = Arc::clone(self);
        let cancelled = CancellationToken::new();
        let id = line.id.clone().unwrap_or_default();
        relay.flying().insert(id.clone(), cancelled.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = relay.request(line) => {}
                // Dropping the exchange closes the connection, which ends a modern call.
                () = cancelled.cancelled() => {}
            }
            relay.flying().remove(&id);
        });
    }

    /// Makes a request and passes on everything that answers it.
    pub(super) async fn request(&self, line: Line) {
        let id = line.id.clone().unwrap_or_else(|| "null".into());
        let opens_session = line.opens_session();
        let problem = match self.exchange(&line).await {
            Ok(response) => {
                if opens_session && response.status().is_success() {
                    *self.session() = response.headers().get(SESSION_ID).cloned();
                }
                match self.pass_on(response, &id).await {
                    Ok(()) => return,
                    Err(problem) => problem,
                }
            }
            Err(error) => unreachable(&error),
        };
        let message = serde_json::Value::from(problem);
        let error = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{UNREACHABLE},"message":{message},"data":{{"code":"control-unavailable"}}}}}}"#
        );
        self.answer(error.into_bytes()).await;
    }

    /// Passes a notification on. A modern cancellation is not one on HTTP: there it ends the request.
    pub(super) async fn notify(&self, line: Line) {
        if let (true, Some(id)) = (line.is_modern() || self.session().is_none(), &line.cancels) {
            if let Some(request) = self.flying().remove(id) {
                request.cancel();
            }
            return;
        }
        if let Err(error) = self.send(&line, &[]).await {
            tracing::warn!(error = %error.without_url(), "a notification was not delivered");
        }
    }

    /// Writes a line to the client.
    pub(super) async fn answer(&self, line: Vec<u8>) {
        let _ = self.lines.send(line).await;
    }

    /// Ends what is under way, and the session.
    pub(super) async fn end(&self) {
        for (_, request) in self.flying().drain() {
            request.cancel();
        }
        let Some(session) = self.session().take() else {
            return;
        };
        let ended = self
            .http
            .request(Method::DELETE, &self.url)
            .header(SESSION_ID, session);
        if let Err(error) = ended.send().await {
            tracing::debug!(error = %error.without_url(), "the session was not ended");
        }
    }

    /// Sends a request. Which arguments a tool wants repeated in headers a client on stdin cannot know:
    /// when the edge misses them, they are looked up, and the call, which was not made, is sent again.
    async fn exchange(&self, line: &Line) -> Result<Response, reqwest::Error> {
        let response = self.send(line, &[]).await?;
        let listing = line
            .listing()
            .filter(|_| response.status() == StatusCode::BAD_REQUEST);
        let Some(listing) = listing else {
            return Ok(response);
        };
        let listed = self.send(&listing, &[]).await?.bytes().await?;
        match line.param_headers(&listed) {
            headers if headers.is_empty() => Ok(response),
            headers => self.send(line, &headers).await,
        }
    }

    async fn send(
        &self,
        line: &Line,
        more: &[(HeaderName, HeaderValue)],
    ) -> Result<Response, reqwest::Error> {
        let mut request = self.http.post(&self.url);
        for (name, value) in line.headers().into_iter().chain(more.iter().cloned()) {
            request = request.header(name, value);
        }
        let session = self
            .session()
            .clone()
            .filter(|_| !line.is_modern() && !line.opens_session());
        if let Some(session) = session {
            request = request.header(SESSION_ID, session);
        }
        request.body(line.text.clone()).send().await
    }

    async fn pass_on(&self, response: Response, id: &str) -> Result<(), String> {
        let status = response.status();
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        match kind.unwrap_or_default() {
            kind if kind.starts_with("text/event-stream") => {
                let mut events = SseStream::from_bytes_stream(response.bytes_stream());
                while let Some(event) = events.next().await {
                    let event = event.map_err(|error| format!("The answer broke off: {error}"))?;
                    if let Some(data) = event.data.filter(|data| !data.is_empty()) {
                        self.answer(one_line(data.into_bytes())).await;
                    }
                }
                Ok(())
            }
            kind if kind.starts_with("application/json") => {
                let body = response
                    .bytes()
                    .await
                    .map_err(|error| unreachable(&error))?;
                self.answer(one_line(
                    under_id(&body, id).unwrap_or_else(|| body.to_vec()),
                ))
                .await;
                Ok(())
            }
            _ => Err(format!(
                "The address is no MCP endpoint: it answered with HTTP status {status}."
            )),
        }
    }

    fn session(&self) -> std::sync::MutexGuard<'_, Option<HeaderValue>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flying(&self) -> std::sync::MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn unreachable(error: &reqwest::Error) -> String {
    let why = if error.is_connect() {
        "nobody listens there"
    } else {
        "the connection broke"
    };
    format!("Ostia cannot be reached: {why}.")
}

/// An error that the edge answered before it read the id is about this request all the same. Unset: the
/// answer has an id of its own.
fn under_id(body: &[u8], id: &str) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let refusal: Refusal<'_> = serde_json::from_slice(body).ok()?;
    refusal.id.is_none().then(|| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{}}}"#,
            refusal.error.get()
        )
        .into_bytes()
    })
}

/// Line breaks only stand between tokens of valid JSON, and end a message here.
fn one_line(mut message: Vec<u8>) -> Vec<u8> {
    for byte in &mut message {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_an_id_gets_that_of_its_request() {
        let refusal = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-31001}}"#;
        let under = under_id(refusal, "7").map(|line| String::from_utf8_lossy(&line).into_owned());
        assert_eq!(
            under.as_deref(),
            Some(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-31001}}"#)
        );
        assert_eq!(under_id(br#"{"id":1,"error":{}}"#, "7"), None);
        assert_eq!(under_id(br#"{"id":null,"result":{}}"#, "7"), None);
    }
}
