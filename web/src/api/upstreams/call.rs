//! `POST …/tools/{tool}/execute`: one call of a tool, through the edge, with the caller's own key.
//!
//! Nothing is decided here: the edge authenticates, limits, judges, calls and records it as any other.

use super::super::{
    caller::Caller,
    frame::REQUEST_ID,
    message::{Answer, Json, Named, Raw},
    problem::{Problem, SOON, http_status},
};
use super::standing::Standing;
use crate::Site;
use axum::extract::State;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use ostia_domain::{code::Code, name::UpstreamName};
use ostia_proto::v1;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

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
    arguments: Raw,
}

/// The route, where others have to know it.
pub(in super::super) const EXECUTE: &str = "/api/v1/upstreams/{upstream}/tools/{tool}/execute";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(execute))
}

/// Call a tool, as an MCP client with this key would. The answer is the tool's result, `isError` included.
#[utoipa::path(post, path = EXECUTE, tag = "upstreams",
    request_body = Call,
    params(("upstream" = String, Path, description = "Name or id."),
        ("tool" = String, Path, description = "The upstream's own name for it.")),
    responses((status = OK, body = Object)))]
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
    let name = named(&site, &caller, &upstream).await?;
    // Nothing but a name becomes part of the edge's path.
    let name = name.and_then(|name| UpstreamName::new(name).ok());
    let name = name.ok_or_else(unavailable)?;
    let url = format!("{}/{}", site.config.edge_url, name.as_str());
    let body = asking(&tool, call.arguments);
    let request = site
        .edge
        .post(&url)
        .bearer_auth(caller.credential.expose())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header(PROTOCOL, VERSION)
        .header(METHOD, "tools/call")
        .header(NAME, wrapped(&tool))
        // Believed where the edge counts this process among its trusted proxies.
        .header(FORWARDED_FOR, caller.address.to_string())
        .body(body);
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    let status = answer.status();
    let standing = Standing::of(answer.headers());
    let request_id = answer.headers().get(REQUEST_ID).cloned();
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
    let read = read(message, request_id.as_ref(), standing).ok_or_else(|| unreadable(status))?;
    read.map_err(|problem| match problem.code {
        // In the caller's words: who knows an id alone is not told the name.
        Code::NotFound | Code::ToolUnavailable => unavailable(),
        _ => problem,
    })
}

/// The name of an upstream of which the path has the name or the id.
async fn named(site: &Site, caller: &Caller, upstream: &str) -> Result<Option<String>, Problem> {
    if Uuid::parse_str(upstream).is_err() {
        return Ok(Some(upstream.to_owned()));
    }
    // Whoever calls tools need not be allowed to read definitions; what they may call, the edge decides.
    let control = caller.named_to(&site.control);
    let upstream = upstream.to_owned();
    let request = v1::GetUpstreamRequest { upstream };
    let found = control.upstreams().get_upstream(request).await;
    let found = found.map(|found| found.into_inner().definition);
    match found.map_err(Problem::from) {
        Ok(definition) => Ok(definition.map(|definition| definition.name)),
        Err(problem) if problem.code == Code::NoSuchObject => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The arguments stay the bytes that came: what the edge judges is what the upstream reads.
fn asking(tool: &str, arguments: Raw) -> String {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {
            "name": "ostia-rest",
            "version": env!("CARGO_PKG_VERSION"),
        },
    });
    format!(
        r#"{{"jsonrpc":"2.0","id":{ID},"method":"tools/call","params":{{"name":{},"arguments":{},"_meta":{meta}}}}}"#,
        Value::from(tool),
        arguments.into_text(),
    )
}

/// As a header of MCP carries any text at all.
fn wrapped(text: &str) -> String {
    format!("=?base64?{}?=", BASE64_STANDARD.encode(text))
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
    request_id: Option<&HeaderValue>,
    standing: Standing,
) -> Option<Result<(HeaderMap, Answer<Value>), Problem>> {
    if let Some(result) = message.remove("result") {
        return Some(Ok((standing.headers, Answer(result))));
    }
    let error = message.remove("error")?;
    // The edge's own errors name the request as the edge does; an upstream that is another Ostia does not.
    let of_the_edge =
        request_id.is_some_and(|id| error["data"]["requestId"] == id.to_str().unwrap_or_default());
    let code = error["data"]["code"].as_str().filter(|_| of_the_edge);
    let code = code.and_then(Code::parse);
    let detail = error["message"].as_str().unwrap_or_default();
    Some(Err(match code {
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

/// Whether an answer of this code proves that the tool did not run, so that the same call may be made.
///
/// What an edge answers after it gave the call away, or nobody knows, is not among them.
pub(in super::super) fn never_ran(code: Code) -> bool {
    match code {
        // It began, and asked for something; or somebody ended it.
        Code::ClientCapabilityMissing | Code::Cancelled => false,
        Code::UpstreamBusy
        | Code::UpstreamUnavailable
        | Code::ControlUnavailable
        | Code::DatabaseUnavailable
        | Code::DatabaseReadOnly
        | Code::ShuttingDown => true,
        code => http_status(code).is_client_error(),
    }
}

fn unreachable(error: &reqwest::Error) -> Problem {
    // Without the URL, which says nothing to a caller; `reqwest` puts no header into its errors.
    tracing::warn!(%error, "the edge cannot be reached");
    if !error.is_connect() {
        return Problem::new(
            Code::WorkerLost,
            "the edge was lost during the call. Whether the call had an effect is not known: check before you \
             repeat it",
        );
    }
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

    /// As the pages of the errors say it.
    #[test]
    fn what_may_have_run_is_not_made_again() {
        let ran = |code: &&Code| !never_ran(**code) && http_status(**code).as_u16() != 500;
        let ran: Vec<_> = Code::ALL
            .iter()
            .filter(ran)
            .map(|code| code.as_str())
            .collect();
        assert_eq!(
            ran,
            [
                "client-capability-missing",
                "task-lost",
                "cancelled",
                "result-too-large",
                "worker-lost",
                "call-timeout",
                "upstream-invalid",
                "upstream-error",
                "upstream-unlisted",
                "sign-in-failed",
                "provider-unavailable",
            ]
        );
        assert!(!never_ran(Code::Internal));
    }

    #[test]
    fn an_error_of_the_edge_keeps_its_code() {
        let message = |value: Value| value.as_object().cloned().unwrap();
        let id = HeaderValue::from_static("own");
        let read = |value| read(message(value), Some(&id), Standing::default());
        let of = |code, request_id| {
            let data = json!({"code": code, "requestId": request_id});
            json!({"error": {"code": -31029, "message": "m", "data": data}})
        };
        let problem = read(of("rate-limited", "own")).unwrap().err().unwrap();
        assert_eq!(problem.code, Code::RateLimited);
        let problem = read(of("shutting-down", "own")).unwrap().err().unwrap();
        assert_eq!(problem.answered(), (503, "shutting-down"));
        // Of another Ostia, behind this one.
        let problem = read(of("rate-limited", "other")).unwrap().err().unwrap();
        assert_eq!(problem.code, Code::UpstreamError);
        let foreign = json!({"error": {"code": -32602, "message": "no"}});
        let problem = read(foreign).unwrap().err().unwrap();
        assert_eq!(problem.code, Code::UpstreamError);
        assert!(read(json!({"x": 1})).is_none());
    }
}
