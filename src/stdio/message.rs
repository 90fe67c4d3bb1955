//! One line of the client, and the few things about it that HTTP must know.

use axum::body::Bytes;
use http::{HeaderName, HeaderValue};
use ostia_edge::{headers::encode, param_headers};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

/// A JSON-RPC message as it came, with what was read from it.
pub(super) struct Line {
    pub(super) text: Bytes,
    /// As the client wrote it; unset for a notification or an answer.
    pub(super) id: Option<String>,
    pub(super) method: Option<String>,
    /// What a modern message must repeat in headers: unset for a legacy one.
    modern: Option<Modern>,
    /// The request that a cancellation is about.
    pub(super) cancels: Option<String>,
}

struct Modern {
    version: String,
    name: Option<String>,
    /// `params._meta` as it came: what a request of our own on the client's behalf carries too.
    meta: String,
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Params<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    uri: Option<String>,
    #[serde(rename = "taskId", default)]
    task_id: Option<String>,
    #[serde(rename = "requestId", borrow, default)]
    request_id: Option<&'a RawValue>,
    #[serde(rename = "_meta", borrow, default)]
    meta: Option<&'a RawValue>,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion", default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    result: Tools<'a>,
}

#[derive(Deserialize)]
struct Tools<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Line {
    /// Reads a line. What is no JSON is answered here, as JSON-RPC says: the error is the answer.
    pub(super) fn parse(text: Vec<u8>) -> Result<Self, Vec<u8>> {
        let invalid = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"The line is not one JSON value."}}"#;
        let Ok(message) = serde_json::from_slice::<Message<'_>>(&text) else {
            return Err(invalid.to_vec());
        };
        let params = message
            .params
            .and_then(|raw| serde_json::from_str::<Params<'_>>(raw.get()).ok())
            .unwrap_or_default();
        let meta = params.meta.map_or("{}", RawValue::get);
        let version = serde_json::from_str::<Meta>(meta)
            .unwrap_or_default()
            .version;
        let modern = version.map(|version| Modern {
            version,
            name: params.name.or(params.uri).or(params.task_id),
            meta: meta.to_owned(),
            arguments: params.arguments,
        });
        let is_cancel = message.method.as_deref() == Some("notifications/cancelled");
        Ok(Self {
            id: message.id.map(|id| id.get().to_owned()),
            method: message.method,
            modern,
            cancels: params
                .request_id
                .filter(|_| is_cancel)
                .map(|id| id.get().to_owned()),
            text: text.into(),
        })
    }

    pub(super) fn is_request(&self) -> bool {
        self.id.is_some() && self.method.is_some()
    }

    pub(super) fn opens_session(&self) -> bool {
        self.is_request() && self.method.as_deref() == Some("initialize")
    }

    pub(super) fn is_modern(&self) -> bool {
        self.modern.is_some()
    }

    /// The `tools/list` that tells which headers this modern `tools/call` needs.
    pub(super) fn listing(&self) -> Option<Self> {
        let modern = self
            .modern
            .as_ref()
            .filter(|_| self.method.as_deref() == Some("tools/call"))?;
        let meta = &modern.meta;
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":0,"method":"tools/list","params":{{"_meta":{meta}}}}}"#
        );
        Self::parse(text.into_bytes()).ok()
    }

    /// The headers that repeat arguments, as the tool's definition in this list asks for them.
    pub(super) fn param_headers(&self, listed: &[u8]) -> Vec<(HeaderName, HeaderValue)> {
        let Some(modern) = &self.modern else {
            return Vec::new();
        };
        let listed = serde_json::from_slice::<Listed<'_>>(listed).ok();
        let mut tools = listed.into_iter().flat_map(|listed| listed.result.tools);
        let tool = tools.find(|tool| {
            let named = serde_json::from_str::<Named>(tool.get()).ok();
            named.map(|tool| tool.name) == modern.name
        });
        tool.map(|tool| param_headers::write(&param_headers::of(tool.get()), &modern.arguments))
            .unwrap_or_default()
    }

    /// The headers of a modern message.
    pub(super) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let (Some(modern), Some(method)) = (&self.modern, &self.method) else {
            return Vec::new();
        };
        let mut headers = vec![
            ("mcp-protocol-version", encode(&modern.version)),
            ("mcp-method", encode(method)),
        ];
        if let Some(name) = &modern.name {
            headers.push(("mcp-name", encode(name)));
        }
        let named = headers.into_iter();
        named
            .map(|(name, value)| (HeaderName::from_static(name), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modern_message_is_repeated_in_headers() {
        let text = r#"{"id":1,"method":"tools/call","params":{"name":"grüß","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let line = Line::parse(text.into()).unwrap_or_else(|_| panic!("it is a message"));
        let headers: Vec<_> = line.headers().into_iter().map(|(_, value)| value).collect();
        assert_eq!(headers, ["2026-07-28", "tools/call", "=?base64?Z3LDvMOf?="]);
        assert!(line.is_request() && line.is_modern());
    }

    #[test]
    fn a_legacy_message_needs_no_headers() {
        let text = r#"{"id":"a","method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#;
        let line = Line::parse(text.into()).unwrap_or_else(|_| panic!("it is a message"));
        assert!(line.opens_session() && !line.is_modern() && line.headers().is_empty());
        assert_eq!(line.id.as_deref(), Some("\"a\""));
    }

    #[test]
    fn a_cancellation_names_its_request() {
        let text = r#"{"method":"notifications/cancelled","params":{"requestId":"x"}}"#;
        let line = Line::parse(text.into()).unwrap_or_else(|_| panic!("it is a message"));
        assert_eq!(line.cancels.as_deref(), Some("\"x\""));
    }
}
