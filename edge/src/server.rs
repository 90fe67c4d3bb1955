//! The listener and what every request passes before MCP.

use crate::{
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
    serve::ListenerExt as _,
};
use http::HeaderMap;
use ostia_domain::code::Code;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Serves until the edge drains, and then until every request has its answer.
pub async fn serve(state: Arc<State>, listener: TcpListener) -> io::Result<()> {
    let draining = state.draining.clone();
    // Small answers must not wait for the acknowledgement of the one before.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { draining.cancelled().await })
        .await
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
