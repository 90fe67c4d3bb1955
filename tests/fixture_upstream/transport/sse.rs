//! HTTP+SSE, the transport of 2024-11-05, which the SDK does not have any more: answers come on an event
//! stream at `/sse`, whose first event says where to post requests.

use super::{listen, narrow::Narrow};
use crate::{Failure, server::Fixture};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use rmcp::{
    RoleServer, ServiceExt as _,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use serde::Deserialize;
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How many messages wait in each direction; then whoever sends waits too.
const QUEUE: usize = 64;

/// Where posted messages go, by session.
type Sessions = HashMap<Uuid, mpsc::Sender<ClientJsonRpcMessage>>;

struct Server {
    fixture: Fixture,
    sessions: Mutex<Sessions>,
    tasks: TaskTracker,
}

impl Server {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn serve(fixture: Fixture, address: &str) -> Result<(), Failure> {
    let server = Arc::new(Server {
        fixture,
        sessions: Mutex::default(),
        tasks: TaskTracker::new(),
    });
    let router = Router::new()
        .route("/sse", get(open))
        .route("/messages", post(message))
        .with_state(server);
    listen(address, router).await
}

/// One session's way in and out.
struct Session {
    requests: mpsc::Receiver<ClientJsonRpcMessage>,
    events: mpsc::Sender<Bytes>,
}

impl Transport<RoleServer> for Session {
    type Error = mpsc::error::SendError<Bytes>;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let events = self.events.clone();
        let json = serde_json::to_string(&message).expect("a message is JSON");
        async move { events.send(event("message", &json)).await }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        tokio::select! {
            message = self.requests.recv() => message,
            // The client closed its stream.
            () = self.events.closed() => None,
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.requests.close();
        Ok(())
    }
}

fn event(name: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

async fn open(State(server): State<Arc<Server>>) -> Response {
    let id = Uuid::new_v4();
    let (to_session, requests) = mpsc::channel(QUEUE);
    let (events, to_client) = mpsc::channel(QUEUE);
    let place = event("endpoint", &format!("/messages?session={id}"));
    // The queue is new and has room.
    let _ = events.try_send(place);
    server.sessions().insert(id, to_session);
    let fixture = server.fixture.session();
    let session = Narrow::new(Session { requests, events }, fixture.era);
    let owner = Arc::clone(&server);
    server.tasks.spawn(async move {
        if let Ok(running) = fixture.serve(session).await {
            // However it ended, it is over.
            let _ = running.waiting().await;
        }
        owner.sessions().remove(&id);
    });
    let body = stream::unfold(to_client, |mut to_client| async move {
        let event = to_client.recv().await?;
        Some((Ok::<_, Infallible>(event), to_client))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream")];
    (headers, Body::from_stream(body)).into_response()
}

#[derive(Deserialize)]
struct Place {
    session: Uuid,
}

async fn message(
    State(server): State<Arc<Server>>,
    Query(place): Query<Place>,
    body: Bytes,
) -> StatusCode {
    let Ok(message) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let sender = server.sessions().get(&place.session).cloned();
    let Some(sender) = sender else {
        return StatusCode::NOT_FOUND;
    };
    match sender.send(message).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::NOT_FOUND,
    }
}
