//! The stateless era: every request says everything, in headers and in `_meta`.

use super::{Answer, Endpoint, Exchange};
use serde_json::{Value, json};

pub(crate) const VERSION: &str = "2026-07-28";
pub(crate) const PROTOCOL: &str = "mcp-protocol-version";
pub(crate) const METHOD: &str = "mcp-method";
pub(crate) const NAME: &str = "mcp-name";

/// The three members that every request carries.
pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "it", "version": "1"},
    })
}

/// The same of a client that can be asked for this.
pub(crate) fn meta_as(capabilities: &Value) -> Value {
    let mut meta = meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
    meta
}

/// A body with `_meta` in its params.
pub(crate) fn body(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    if params.get("_meta").is_none() {
        params["_meta"] = meta();
    }
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// A request whose headers agree with its body.
pub(crate) fn request(
    endpoint: &Endpoint,
    id: impl Into<Value>,
    method: &str,
    params: &Value,
) -> Exchange {
    let body = body(id, method, params);
    let exchange = endpoint
        .post(body.to_string())
        .header(PROTOCOL, VERSION)
        .header(METHOD, method);
    let params = &body["params"];
    let named = match method {
        "resources/read" => &params["uri"],
        "tasks/get" | "tasks/update" | "tasks/cancel" => &params["taskId"],
        _ => &params["name"],
    };
    match named.as_str() {
        Some(name) => exchange.header(NAME, name),
        None => exchange,
    }
}

pub(crate) fn call(endpoint: &Endpoint, tool: &str, arguments: &Value) -> Exchange {
    request(
        endpoint,
        1,
        "tools/call",
        &json!({"name": tool, "arguments": arguments}),
    )
}

/// Names in `tools/list`, in the order they came.
pub(crate) async fn tools(endpoint: &Endpoint) -> Vec<String> {
    let answer: Answer = request(endpoint, 1, "tools/list", &json!({})).send().await;
    names(&answer.result())
}

/// The names in a `tools/list` result.
pub(crate) fn names(result: &Value) -> Vec<String> {
    let tools = result["tools"]
        .as_array()
        .unwrap_or_else(|| panic!("no tools: {result:#}"));
    tools
        .iter()
        .map(|tool| tool["name"].as_str().expect("a name").to_owned())
        .collect()
}
