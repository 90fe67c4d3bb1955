//! One exchange with the edge, as an MCP client with an access token has it, kept to be shown.

use crate::Site;
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use ostia_domain::clock;
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, net::IpAddr, time::Duration};
use tokio::time::timeout;

const VERSION: &str = "2026-07-28";
const PROTOCOL: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// One request has one call.
const ID: u32 = 1;
/// Somebody sits in front of it.
const DEADLINE: Duration = Duration::from_secs(60);
/// Of an answer; what is longer is cut, and says so.
const MAX_SHOWN: usize = 512 * 1024;
/// Of a list, which nobody reads as it is: thousands of tools with their schemas.
const MAX_LISTED: usize = 64 << 20;

/// What went over the wire. The access token is not in it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    pub(crate) response: String,
    pub(crate) cut: bool,
    pub(crate) took: Duration,
    /// The answer to the request, where it is one.
    pub(crate) message: Option<Map<String, Value>>,
}

/// Who asks: a token for a key of theirs, and where they are.
pub(crate) struct Asking<'a> {
    pub(crate) token: &'a str,
    pub(crate) address: IpAddr,
}

#[derive(Debug)]
pub(crate) enum Failed {
    Unreachable,
    TooLong,
}

/// What was said on both sides, to be shown.
pub(crate) async fn exchange(
    site: &Site,
    asking: &Asking<'_>,
    method: &'static str,
    params: Map<String, Value>,
) -> Result<Exchange, Failed> {
    let exchanged = exchanged(site, asking, (method, params), MAX_SHOWN).await?;
    Ok(exchanged.into())
}

/// A page of a list: its result, or what was said instead.
pub(crate) async fn list(
    site: &Site,
    asking: &Asking<'_>,
    method: &'static str,
    params: Map<String, Value>,
) -> Result<Value, Result<Exchange, Failed>> {
    let exchanged = exchanged(site, asking, (method, params), MAX_LISTED).await;
    let exchanged = exchanged.map_err(Err)?;
    let result = exchanged.answer.message();
    let result = result.and_then(|mut message| message.remove("result"));
    result.ok_or_else(|| Ok(exchanged.into()))
}

/// As it went over the wire.
struct Exchanged {
    request: String,
    answer: Answer,
    took: Duration,
}

impl From<Exchanged> for Exchange {
    fn from(exchanged: Exchanged) -> Self {
        let Exchanged {
            request,
            answer,
            took,
        } = exchanged;
        Self {
            request,
            took,
            message: answer.message(),
            response: answer.written(),
            cut: answer.cut,
        }
    }
}

async fn exchanged(
    site: &Site,
    asking: &Asking<'_>,
    (method, mut params): (&'static str, Map<String, Value>),
    most: usize,
) -> Result<Exchanged, Failed> {
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .map(str::to_owned);
    params.insert("_meta".to_owned(), meta());
    let body = json!({"jsonrpc": "2.0", "id": ID, "method": method, "params": params});
    let mut request = site
        .edge
        .post(&site.config.edge_url)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header(PROTOCOL, VERSION)
        .header(METHOD, method)
        .body(body.to_string());
    if let Some(name) = &name {
        request = request.header(NAME, name);
    }
    let shown = written_request(&site.config.mcp_url, method, name.as_deref(), &body);
    let request = request
        .header(AUTHORIZATION, format!("Bearer {}", asking.token))
        // Believed where the edge counts this process among its trusted proxies.
        .header(FORWARDED_FOR, asking.address.to_string());
    let began = clock::instant();
    let answered = timeout(DEADLINE, answered(request, most)).await;
    let answer = answered.map_err(|_| Failed::TooLong)?.map_err(|error| {
        // `reqwest` puts no header into its errors.
        tracing::warn!(%error, "the edge cannot be reached");
        Failed::Unreachable
    })?;
    Ok(Exchanged {
        request: shown,
        took: began.elapsed(),
        answer,
    })
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {
            "name": "ostia-dashboard",
            "version": env!("CARGO_PKG_VERSION"),
        },
    })
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    cut: bool,
}

async fn answered(request: reqwest::RequestBuilder, most: usize) -> Result<Answer, reqwest::Error> {
    let mut response = request.send().await?;
    let mut answer = Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: Vec::new(),
        cut: false,
    };
    while let Some(chunk) = response.chunk().await? {
        let room = most.saturating_sub(answer.body.len());
        answer
            .body
            .extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            answer.cut = true;
            break;
        }
    }
    Ok(answer)
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn is_stream(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE);
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
    }

    fn message(&self) -> Option<Map<String, Value>> {
        let text = self.text();
        if self.is_stream() {
            return last_event(&text);
        }
        serde_json::from_str(&text).ok()
    }

    fn written(&self) -> String {
        let mut text = format!("HTTP/1.1 {}\n", self.status);
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        let body = self.text();
        let body = if self.is_stream() {
            body
        } else {
            pretty(&body)
        };
        text + "\n" + &body
    }
}

fn written_request(url: &str, method: &str, name: Option<&str>, body: &Value) -> String {
    let name = name.map(|name| format!("mcp-name: {name}\n"));
    format!(
        "POST {url}\nauthorization: Bearer (an access token for your key)\n\
         content-type: application/json\naccept: application/json, text/event-stream\n\
         mcp-protocol-version: {VERSION}\nmcp-method: {method}\n{}\n{body:#}",
        name.unwrap_or_default()
    )
}

fn pretty(text: &str) -> String {
    let json = serde_json::from_str::<Value>(text);
    json.map_or_else(|_| text.to_owned(), |value| format!("{value:#}"))
}

/// The answer is the last event of its stream; what came before is progress.
fn last_event(stream: &str) -> Option<Map<String, Value>> {
    let stream = stream.replace("\r\n", "\n");
    let messages = stream.split("\n\n").filter_map(|event| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let data: Vec<_> = lines.map(str::trim_start).collect();
        serde_json::from_str::<Map<String, Value>>(&data.join("\n")).ok()
    });
    messages
        .filter(|message| message.get("id").is_some_and(|id| *id == json!(ID)))
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_stream_is_its_last_event() {
        let stream = "data: {\"method\":\"notifications/progress\"}\n\n: here\n\n\
                      data: {\"id\":1,\ndata: \"result\":{\"n\":2}}\n\n";
        assert_eq!(last_event(stream).unwrap()["result"]["n"], 2);
        assert!(last_event("data: {\"id\":7}\n\n").is_none());
    }
}
