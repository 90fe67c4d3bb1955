//! From a line to an answer.

use super::{
    answer::{self, Error, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR},
    calls::{InFlight, Outgoing, Running, outgoing, write_lines},
    era::{self, Era},
    slow::Progress,
    tools,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

/// Requests at work at once. One more waits, and everything behind it.
const MAX_AT_WORK: usize = 4096;
/// How long requests may still be answered once stdin has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves lines until `stdin` ends or cannot be read.
pub(crate) async fn serve(
    stdin: impl AsyncRead + Unpin,
    stdout: impl AsyncWrite + Unpin + Send + 'static,
) {
    let tasks = TaskTracker::new();
    let (outgoing, lines) = outgoing();
    tasks.spawn(write_lines(lines, stdout));
    let server = Arc::new(Server {
        outgoing,
        in_flight: InFlight::default(),
        initialized: AtomicBool::new(false),
    });
    let at_work = Arc::new(Semaphore::new(MAX_AT_WORK));
    let mut lines = BufReader::new(stdin).lines();
    // An error means that stdin is gone, or is not UTF-8: neither is a client that can go on.
    while let Ok(Some(line)) = lines.next_line().await {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(&line) {
            Ok(message) => {
                let Ok(permit) = Arc::clone(&at_work).acquire_owned().await else {
                    break;
                };
                let Some(request) = server.accept(message).await else {
                    continue;
                };
                let server = Arc::clone(&server);
                tasks.spawn(async move {
                    server.work(request).await;
                    drop(permit);
                });
            }
            Err(problem) => {
                let error = Error::new(PARSE_ERROR, format!("Parse error: {problem}"));
                server
                    .outgoing
                    .send(&answer::error(&Value::Null, error))
                    .await;
            }
        }
    }
    // The writer ends when the last request has let go of its sender.
    drop(server);
    tasks.close();
    let _ = tokio::time::timeout(LAST_WORDS, tasks.wait()).await;
}

struct Server {
    outgoing: Outgoing,
    in_flight: InFlight,
    /// Whether a legacy client shook hands.
    initialized: AtomicBool,
}

struct Request {
    id: Value,
    method: String,
    params: Value,
    /// Registered before the next line is read, so that a cancellation behind it finds it.
    running: Running,
}

impl Server {
    /// Takes a message apart; what is no request is dealt with at once.
    async fn accept(&self, mut message: Value) -> Option<Request> {
        let mut take = |member| message.get_mut(member).map(Value::take).unwrap_or_default();
        let (version, id, method, params) =
            (take("jsonrpc"), take("id"), take("method"), take("params"));
        let well_formed = version == "2.0" && (params.is_null() || params.is_object());
        match method.as_str().map(str::to_owned) {
            Some(method) if well_formed && (id.is_string() || id.is_number()) => Some(Request {
                running: self.in_flight.begin(&id),
                id,
                method,
                params,
            }),
            Some(method) if well_formed && id.is_null() => {
                if method == "notifications/cancelled" {
                    self.in_flight.cancel(&params["requestId"]);
                }
                None
            }
            _ => {
                let error = Error::new(INVALID_REQUEST, "Not a JSON-RPC request");
                self.outgoing.send(&answer::error(&id, error)).await;
                None
            }
        }
    }

    /// Answers a request, unless it is cancelled first: then nobody waits for an answer.
    async fn work(&self, request: Request) {
        let answer = tokio::select! {
            biased;
            () = request.running.cancelled() => return,
            answer = self.answer(&request) => answer,
        };
        let message = match answer {
            Ok(result) => answer::result(&request.id, &result),
            Err(error) => answer::error(&request.id, error),
        };
        self.outgoing.send(&message).await;
    }

    async fn answer(&self, request: &Request) -> Result<Value, Error> {
        let era = Era::of(&request.params)?;
        match (era, request.method.as_str()) {
            (Era::Legacy, "initialize") => {
                self.initialized.store(true, Ordering::Release);
                Ok(era::initialized(&request.params))
            }
            (Era::Legacy, "ping") => Ok(json!({})),
            (Era::Modern, "server/discover") => Ok(era::discovered()),
            (_, method @ ("tools/list" | "tools/call")) => {
                self.demand_handshake(era)?;
                self.tools(era, method, &request.params).await
            }
            (_, method) => Err(Error::new(
                METHOD_NOT_FOUND,
                format!("Method not found: {method}"),
            )),
        }
    }

    async fn tools(&self, era: Era, method: &str, params: &Value) -> Result<Value, Error> {
        if method == "tools/list" {
            return Ok(era.cacheable(json!({ "tools": tools::definitions() })));
        }
        let progress = Progress::of(params, &self.outgoing);
        Ok(era.result(tools::call(params, progress).await?))
    }

    fn demand_handshake(&self, era: Era) -> Result<(), Error> {
        if era == Era::Modern || self.initialized.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Error::new(INVALID_REQUEST, "Send initialize first"))
    }
}
