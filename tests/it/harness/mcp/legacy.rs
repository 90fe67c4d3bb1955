//! The era with a handshake: `initialize`, then everything under a session id.

use super::{Answer, Endpoint, Exchange};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const VERSION: &str = "2025-11-25";
pub(crate) const SESSION: &str = "mcp-session-id";
pub(crate) const PROTOCOL: &str = "mcp-protocol-version";

/// The body of an `initialize`.
pub(crate) fn initialize(version: &str) -> String {
    initialize_as(version, &json!({}))
}

/// The same of a client that can do this.
fn initialize_as(version: &str, capabilities: &Value) -> String {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": {"name": "it", "version": "1"},
        },
    })
    .to_string()
}

/// The body of any request.
pub(crate) fn request(id: impl Into<Value>, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params}).to_string()
}

/// An initialized session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) endpoint: Endpoint,
    pub(crate) id: String,
    /// The answer to `initialize`.
    pub(crate) initialized: Value,
}

impl Session {
    pub(crate) async fn open(endpoint: &Endpoint) -> Self {
        Self::open_as(endpoint, &json!({})).await
    }

    /// Of a client that can be asked for this.
    pub(crate) async fn open_as(endpoint: &Endpoint, capabilities: &Value) -> Self {
        let initialize = initialize_as(VERSION, capabilities);
        let answer = endpoint.post(initialize).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.header(SESSION).expect("a session id").to_owned();
        let session = Self {
            endpoint: endpoint.clone(),
            id,
            initialized: answer.result(),
        };
        let ready = session
            .post(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        assert_eq!(ready.send().await.status, 202);
        session
    }

    /// The same session as somebody with another key would use it.
    pub(crate) fn stolen_by(&self, key: &str) -> Self {
        Self {
            endpoint: self.endpoint.with_key(key),
            ..self.clone()
        }
    }

    /// A POST of exactly this body within the session.
    pub(crate) fn post(&self, body: impl Into<bytes::Bytes>) -> Exchange {
        self.endpoint
            .post(body)
            .header(SESSION, self.id.as_str())
            .header(PROTOCOL, VERSION)
    }

    pub(crate) async fn request(
        &self,
        id: impl Into<Value>,
        method: &str,
        params: &Value,
    ) -> Answer {
        self.post(request(id, method, params)).send().await
    }

    pub(crate) async fn call(&self, tool: &str, arguments: &Value) -> Answer {
        self.request(
            1,
            "tools/call",
            &json!({"name": tool, "arguments": arguments}),
        )
        .await
    }

    /// Names in `tools/list`, in the order they came.
    pub(crate) async fn tools(&self) -> Vec<String> {
        super::modern::names(&self.request(1, "tools/list", &json!({})).await.result())
    }

    /// The stream on which the session hears what nobody asked for.
    pub(crate) fn listen(&self) -> Exchange {
        self.endpoint
            .request(Method::GET)
            .header("accept", "text/event-stream")
            .header(SESSION, self.id.as_str())
            .header(PROTOCOL, VERSION)
    }

    pub(crate) async fn delete(&self) -> Answer {
        let request = self.endpoint.request(Method::DELETE);
        request
            .header(SESSION, self.id.as_str())
            .header(PROTOCOL, VERSION)
            .send()
            .await
    }
}
