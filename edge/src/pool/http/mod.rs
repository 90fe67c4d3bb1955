//! Upstreams that run somewhere else: what is behind a worker without a process.
//!
//! A worker of such an upstream is one connection: in the legacy era one MCP session, in the modern one
//! nothing but a name. Its messages come out of the same channel as those of a process. A task posts
//! each, and feeds what comes back to the worker.

mod client;
mod connections;
mod events;
pub(super) mod grant;
mod link;
mod network;
mod post;
mod session;
mod sse;
pub(super) mod tokens;

pub(super) use client::Client;

use super::{
    Pool,
    pending::Refusal,
    worker::{Outgoing, Worker},
};
use http::{HeaderName, HeaderValue, StatusCode};
use link::Link;
use ostia_domain::{
    clock,
    upstream::{HttpEndpoint, Problem, Stage},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// A connection that ends sooner than this did not work at all.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// The longest message that is taken, as from a process.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Which of the two transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Streamable,
    Sse,
}

/// Starts what is behind this worker. An error says, for people, why not.
pub(super) fn connect(
    pool: &Arc<Pool>,
    kind: Kind,
    endpoint: &HttpEndpoint,
    worker: &Arc<Worker>,
    outgoing: mpsc::Receiver<Outgoing>,
) -> Result<(), Problem> {
    if kind == Kind::Streamable {
        worker.has_streams();
    }
    let client = match pool.http.get() {
        Some(client) => client.clone(),
        None => Client::new(endpoint, pool.tokens.clone())
            .map(|new| pool.http.get_or_init(|| new).clone())
            .map_err(|problem| Problem::new(Stage::Connect, problem))?,
    };
    let link = Link::new(client, Arc::clone(worker), pool.shared.tasks.clone());
    let pool = Arc::clone(pool);
    let worker = Arc::clone(worker);
    let tasks = pool.shared.tasks.clone();
    tasks.spawn(async move {
        let since = clock::instant();
        let run = async {
            match kind {
                Kind::Streamable => link.run(outgoing).await,
                Kind::Sse => sse::run(&link, outgoing).await,
            }
        };
        let problem = tokio::select! {
            ended = run => ended.err(),
            () = worker.stop.cancelled() => None,
            () = pool.stop.cancelled() => None,
        };
        if let Some(refusal) = problem.clone() {
            let _ = worker.ended_by.set(refusal);
        }
        // Callers hear of it before the tidying begins.
        worker.end();
        let was_in_use = pool.remove_worker(worker.id);
        let problem = problem.map(|refusal| refusal.during(Stage::Run));
        if let Some(problem) = &problem
            && was_in_use
            && since.elapsed() < SHORT_LIFE
        {
            pool.note_failure(problem.clone());
        }
        link.leave().await;
        pool.worker_gone();
        let upstream = pool.upstream.name.as_str();
        let problem = problem.map(|problem| problem.text);
        tracing::info!(upstream, worker = worker.id, problem, "connection ended");
    });
    Ok(())
}

/// A status that is no success: what is presented may be what it is about.
fn refusal(status: StatusCode, problem: String) -> Refusal {
    let stage = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(Stage::Authorize),
        _ => None,
    };
    Refusal { stage, problem }
}
