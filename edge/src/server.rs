//! The listener and what every request passes before MCP.

use crate::{
    connections,
    error::Error,
    mcp::{endpoint, era::Era, http_sse},
    respond,
    state::State,
};
use axum::{
    Router,
    extract::{ConnectInfo, State as Shared},
    response::Response,
    routing::{any, get, post},
};
use http::HeaderMap;
use ostia_domain::code::Code;
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Serves until the edge drains, and then until every request has its answer.
pub async fn serve(state: Arc<State>, listener: TcpListener) {
    let draining = state.draining.clone();
    connections::serve(listener, router(state), connections::LIMITS, draining).await;
}

fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/mcp", any(endpoint::handle))
        .route("/mcp/{upstream}", any(endpoint::handle))
        .route("/sse", get(http_sse::open))
        .route("/sse/{upstream}", get(http_sse::open))
        .route(http_sse::MESSAGES, post(http_sse::post))
        .fallback(not_found)
        .with_state(state)
}

/// JSON also here: clients that look for OAuth metadata must not be fed a page.
async fn not_found(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let message = "Nothing is served here. MCP is at /mcp, /mcp/<upstream> and /mcp/@<bundle>, and at /sse for clients of HTTP+SSE.";
    respond::error(
        &Error::new(Code::NotFound, message),
        Era::Legacy,
        state.arrive(remote, &headers).id,
        None,
    )
}
