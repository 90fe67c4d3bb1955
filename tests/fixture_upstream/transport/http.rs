//! Streamable HTTP at `/mcp`.

use super::listen;
use crate::{Failure, era::Era, server::Fixture};
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService,
    streamable_http_server::session::local::LocalSessionManager,
};
use std::sync::Arc;

/// As older servers say it: with a code that means nothing in particular.
const UNKNOWN_VERSION: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Unsupported protocol version"}}"#;

pub(crate) async fn serve(fixture: Fixture, address: &str) -> Result<(), Failure> {
    let era = fixture.era;
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(era != Era::Modern)
        .with_allowed_origins(["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]);
    let service = StreamableHttpService::new(
        move || Ok(fixture.session()),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    let mut router = Router::new().route_service("/mcp", service);
    if era == Era::Legacy {
        router = router.layer(middleware::from_fn(refuse_modern));
    }
    listen(address, router).await
}

async fn refuse_modern(request: Request, next: Next) -> Response {
    let version = request.headers().get("mcp-protocol-version");
    if version.is_some_and(|version| version.as_bytes() >= b"2026".as_slice()) {
        let json = [(CONTENT_TYPE, "application/json")];
        return (StatusCode::BAD_REQUEST, json, UNKNOWN_VERSION).into_response();
    }
    next.run(request).await
}
