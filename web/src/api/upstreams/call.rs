//! `POST …/tools/{tool}/execute`: one call of a tool, through the edge, with the caller's own key.
//!
//! Nothing is decided here: the edge authenticates, limits, judges, calls and records it as any other.

use super::super::{
    caller::Caller,
    message::{Answer, Json, Named},
    problem::{Problem, SOON},
};
use super::standing::Standing;
use crate::Site;
use axum::extract::State;
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use ostia_domain::{code::Code, name::UpstreamName};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const VERSION: &str = "2026-07-28";
const PROTOCOL: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// JSON-RPC code of an upstream whose client did not declare what it needs (MCP 2026-07-28).
const MISSING_CAPABILITY: i64 = -32021;
/// More than the edge takes of an upstream in one message, with room for what comes before it.
const MAX_ANSWER_BYTES: usize = 80 << 20;
/// Ours on the way to the edge; one request has one call.
const ID: u32 = 1;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ToolCall)]
struct Call {
    #[serde(default)]
    #[schema(value_type = Object)]
    arguments: Map<String, Value>,
}

/// The route, where others have to know it.
pub(in super::super) const EXECUTE: &str = "/api/v1/upstreams/{upstream}/tools/{tool}/execute";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(execute))
}

/// Call a tool, as an MCP client with this key would. The answer is the tool's result, `isError` included.
#[utoipa::path(post, path = EXECUTE, tag = "upstreams",
    request_body = Call,
    params(("upstream" = String, Path, description = "Name."),
        ("tool" = String, Path, description = "The upstream's own name for it.")),
    responses((status = OK, body = Object, headers(("Ostia-Quota-Remaining" = u64,
        description = "Calls left of this month, of the quota that has the least. Not there without a quota.")))))]
async fn execute(
    State(site): State<Site>,
    caller: Caller,
    Named((upstream, tool)): Named<(String, String)>,
    Json(call): Json<Call>,
) -> Result<(HeaderMap, Answer<Value>), Problem> {
    let unavailable = || {
        let detail = format!("there is no tool {tool:?} of {upstream:?} for this key");
        Problem::new(Code::ToolUnavailable, detail)
    };
    // Nothing but a name becomes part of the edge's path, and nothing but text of its header.
    let upstream = UpstreamName::new(upstream.clone()).map_err(|_| unavailable())?;
    if tool.is_empty() || !tool.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unavailable());
    }
    let url = format!("{}/{}", site.config.edge_url, upstream.as_str());
    let body = json!({
        "jsonrpc": "2.0",
        "id": ID,
        "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": call.arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": VERSION,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {
                    "name": "ostia-rest",
                    "version": env!("CARGO_PKG_VERSION"),
                },
            },
        },
    });
    let request = site
        .edge
        .post(&url)
        .bearer_auth(caller.credential.expose())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header(PROTOCOL, VERSION)
        .header(METHOD, "tools/call")
        .header(NAME, &tool)
        // Believed where the edge counts this process among its trusted proxies.
        .header(FORWARDED_FOR, caller.address.to_string())
        .body(body.to_string());
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    let status = answer.status();
    let standing = Standing::of(answer.headers());
    let is_stream = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.to_str().unwrap_or_default();
        kind.starts_with("text/event-stream")
    });
    let body = whole(answer).await?;
    let message = if is_stream {
        last_event(&String::from_utf8_lossy(&body))
    } else {
        serde_json::from_slice(&body).ok()
    };
    let message: Map<String, Value> = message.ok_or_else(|| unreadable(status))?;
    read(message, standing).ok_or_else(|| unreadable(status))?
}

/// The body, as long as it has an end.
async fn whole(mut answer: reqwest::Response) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + piece.len() > MAX_ANSWER_BYTES {
            let detail =
                format!("the upstream said more than {MAX_ANSWER_BYTES} bytes in this call");
            return Err(Problem::new(Code::UpstreamInvalid, detail));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What the edge says, in the words of REST.
fn read(
    mut message: Map<String, Value>,
    standing: Standing,
) -> Option<Result<(HeaderMap, Answer<Value>), Problem>> {
    if let Some(result) = message.remove("result") {
        return Some(Ok((standing.headers, Answer(result))));
    }
    let error = message.remove("error")?;
    let code = error["data"]["code"].as_str().and_then(Code::parse);
    let detail = error["message"].as_str().unwrap_or_default();
    Some(Err(match code {
        // To who may use nothing of an upstream its endpoint is not there.
        Some(Code::NotFound) => Problem::new(Code::ToolUnavailable, detail),
        Some(code) => Problem::new(code, detail).standing(standing.refused(&error["data"])),
        // By the upstream's own word: the edge told it that nobody is there to be asked.
        None if error["code"] == MISSING_CAPABILITY => Problem::new(
            Code::ClientCapabilityMissing,
            "the upstream asks its caller something in the middle of this call, which nobody can answer here",
        )
        .standing(standing)
        .said_by_upstream(error),
        None => Problem::new(Code::UpstreamError, "the upstream refused the call")
            .standing(standing)
            .said_by_upstream(error),
    }))
}

/// The answer is the last event of its stream; what came before is progress.
fn last_event(stream: &str) -> Option<Map<String, Value>> {
    let stream = stream.replace("\r\n", "\n");
    let messages = stream.split("\n\n").filter_map(|event| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let lines: Vec<_> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        serde_json::from_str::<Map<String, Value>>(&lines.join("\n")).ok()
    });
    messages
        .filter(|message| message.get("id").is_some_and(|id| *id == json!(ID)))
        .last()
}

fn unreachable(error: &reqwest::Error) -> Problem {
    // Without the URL, which says nothing to a caller; `reqwest` puts no header into its errors.
    tracing::warn!(%error, "the edge cannot be reached");
    Problem::new(
        Code::UpstreamUnavailable,
        "the edge cannot be reached from the web role: `ostia run web` needs --mcp-url",
    )
    .retry_after(SOON)
}

fn unreadable(status: StatusCode) -> Problem {
    tracing::error!(%status, "the edge answered something that is not MCP: is it an edge?");
    Problem::internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_before_the_answer() {
        let stream = "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\r\n\r\n\
                      : still there\n\ndata: {\"id\":1,\ndata: \"result\":{\"ok\":true}}\n\n";
        let message = last_event(stream).unwrap();
        assert_eq!(message["result"]["ok"], true);
        assert!(last_event("data: {\"id\":2,\"result\":{}}\n\n").is_none());
    }

    #[test]
    fn an_error_of_the_edge_keeps_its_code() {
        let message = |value: Value| value.as_object().cloned().unwrap();
        let refused =
            json!({"error": {"code": -31029, "message": "m", "data": {"code": "rate-limited"}}});
        let read = |value| read(message(value), Standing::default());
        let problem = read(refused).unwrap().err().unwrap();
        assert_eq!(problem.code, Code::RateLimited);
        let stopping =
            json!({"error": {"code": -31035, "message": "m", "data": {"code": "shutting-down"}}});
        let problem = read(stopping).unwrap().err().unwrap();
        assert_eq!(problem.answered(), (503, "shutting-down"));
        let foreign = json!({"error": {"code": -32602, "message": "no"}});
        let problem = read(foreign).unwrap().err().unwrap();
        assert_eq!(problem.code, Code::UpstreamError);
        assert!(read(json!({"x": 1})).is_none());
    }
}
