//! What a modern request repeats in its headers, for intermediaries, must agree with its body, by
//! which alone anything is decided here.

use super::{
    envelope::{Message, Meta, Params, is_object, string},
    era::{MODERN_VERSIONS, claims_modern},
};
use crate::error::Error;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header::ACCEPT};
use ostia_domain::code::Code;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Whether a request claims to be modern, in its header or in its `_meta`.
pub fn is_modern(headers: &HeaderMap, meta: Option<&Meta<'_>>) -> bool {
    meta.is_some_and(|meta| meta.protocol_version.is_some())
        || headers
            .get(PROTOCOL_VERSION)
            .is_some_and(|version| version.to_str().is_ok_and(claims_modern))
}

/// The ladder of checks of a modern request, in the order of the official SDKs: the first that fails
/// is the one that is told.
pub fn check_modern(
    headers: &HeaderMap,
    message: &Message<'_>,
    params: Option<&Params<'_>>,
    meta: Option<&Meta<'_>>,
) -> Result<(), Error> {
    for name in [&PROTOCOL_VERSION, &METHOD, &NAME] {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(mismatch(format!(
                "The header {name} stands in the request more than once."
            )));
        }
    }
    let version = meta.and_then(|meta| meta.protocol_version);
    let capabilities = meta.and_then(|meta| meta.client_capabilities);
    let (Some(version), Some(_)) = (version, capabilities.filter(|raw| is_object(raw))) else {
        return Err(Error::new(
            Code::InvalidParams,
            "A request of this protocol version carries `io.modelcontextprotocol/protocolVersion` and \
             `io.modelcontextprotocol/clientCapabilities` in `params._meta`.",
        ));
    };
    let version = string(version).unwrap_or_default();
    if text(headers, &PROTOCOL_VERSION)? != Some(&version) {
        return Err(mismatch(
            "The header MCP-Protocol-Version is not the version in `params._meta`.",
        ));
    }
    let method = message.method.as_deref().unwrap_or_default();
    if text(headers, &METHOD)? != Some(method) {
        return Err(mismatch(
            "The header Mcp-Method is not the method in the body.",
        ));
    }
    match method {
        "tools/call" | "prompts/get" => check_name(headers, params.and_then(|params| params.name))?,
        "resources/read" => check_name(headers, params.and_then(|params| params.uri))?,
        "tasks/get" | "tasks/update" | "tasks/cancel" => {
            check_name(headers, params.and_then(|params| params.task_id))?;
        }
        _ => {}
    }
    check_version(&version)
}

fn check_name(headers: &HeaderMap, named: Option<&RawValue>) -> Result<(), Error> {
    // A request without a name is refused as such later.
    let Some(name) = named.and_then(string) else {
        return Ok(());
    };
    let header = text(headers, &NAME)?.map(decode);
    if header != Some(Some(Cow::Borrowed(name.as_ref()))) {
        return Err(mismatch("The header Mcp-Name is not the name in the body."));
    }
    Ok(())
}

/// Refuses a modern revision that is not served here.
pub fn check_version(version: &str) -> Result<(), Error> {
    if MODERN_VERSIONS.contains(&version) {
        return Ok(());
    }
    let requested: String = version.chars().take(100).collect();
    Err(
        Error::new(Code::UnsupportedVersion, "Unsupported protocol version")
            .with("supported", MODERN_VERSIONS.to_vec())
            .with("requested", requested),
    )
}

pub fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Error> {
    headers
        .get(name)
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| mismatch(format!("The header {name} has characters outside ASCII.")))
}

/// A text as a header carries it: wrapped where a header could not carry it, or where it looks wrapped.
pub fn encode(text: &str) -> HeaderValue {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && text.trim() == text
        && !text.starts_with("=?base64?");
    let wrapped = || format!("=?base64?{}?=", BASE64_STANDARD.encode(text));
    let value = if plain { text.to_owned() } else { wrapped() };
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A header value, which may be wrapped as `=?base64?…?=` to carry what a header cannot.
pub fn decode(value: &str) -> Option<Cow<'_, str>> {
    let Some(wrapped) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Some(Cow::Borrowed(value));
    };
    String::from_utf8(BASE64_STANDARD.decode(wrapped).ok()?)
        .ok()
        .map(Cow::Owned)
}

fn mismatch(message: impl Into<String>) -> Error {
    Error::new(Code::HeaderMismatch, message)
}

/// Which kinds of answer a client takes. Clients are known to say one, both, `*/*` or nothing at all;
/// each gets something it can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    pub json: bool,
    pub event_stream: bool,
}

impl Accepts {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut said = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .peekable();
        if said.peek().is_none() {
            return Self {
                json: true,
                event_stream: false,
            };
        }
        let mut accepts = Self {
            json: false,
            event_stream: false,
        };
        for range in said.flat_map(|value| value.split(',')) {
            match range.split(';').next().unwrap_or_default().trim() {
                "*/*" => {
                    accepts = Self {
                        json: true,
                        event_stream: true,
                    }
                }
                "application/json" | "application/*" => accepts.json = true,
                "text/event-stream" | "text/*" => accepts.event_stream = true,
                _ => {}
            }
        }
        // Whoever takes neither still gets an answer rather than a riddle.
        accepts.json |= !accepts.event_stream;
        accepts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_wrapped_reads_back() {
        for text in ["plain", "grüß", " edge ", "=?base64?x?=", "a\nb", ""] {
            let value = encode(text);
            assert_eq!(decode(value.to_str().unwrap()).as_deref(), Some(text));
        }
    }

    #[test]
    fn wrapped_values_are_unwrapped() {
        assert_eq!(decode("plain").as_deref(), Some("plain"));
        assert_eq!(decode("=?base64?Z3LDvMOf?=").as_deref(), Some("grüß"));
        assert_eq!(decode("=?base64?%%?="), None);
    }

    proptest! {
        /// A request is refused, or it is the one that its body says: no header decides anything.
        #[test]
        fn a_header_never_says_what_the_body_does_not(
            in_body in "[a-zé]{1,3}",
            in_header in "[a-zé]{1,3}",
            methods in (0usize..4, 0usize..4),
            versions in (0usize..2, 0usize..2),
        ) {
            let known = ["tools/call", "prompts/get", "resources/read", "tasks/get"];
            let revisions = ["2026-07-28", "2026-07-29"];
            let (method, version) = (known[methods.0], revisions[versions.0]);
            let member = match method {
                "resources/read" => "uri",
                "tasks/get" => "taskId",
                _ => "name",
            };
            let body = json!({
                "jsonrpc": "2.0", "id": 1, "method": method,
                "params": {member: in_body, "_meta": {
                    "io.modelcontextprotocol/protocolVersion": version,
                    "io.modelcontextprotocol/clientCapabilities": {},
                }},
            })
            .to_string();
            let message = Message::parse(body.as_bytes()).unwrap();
            let params = Params::parse(message.params.unwrap()).unwrap();
            let meta = Meta::parse(params.meta.unwrap()).unwrap();
            let headers = HeaderMap::from_iter([
                (PROTOCOL_VERSION, encode(revisions[versions.1])),
                (METHOD, encode(known[methods.1])),
                (NAME, encode(&in_header)),
            ]);
            let checked = check_modern(&headers, &message, Some(&params), Some(&meta));
            let same = in_body == in_header && methods.0 == methods.1 && versions.0 == versions.1;
            match checked.map_err(|error| error.code) {
                Ok(()) => prop_assert!(same && version == "2026-07-28"),
                Err(Code::HeaderMismatch) => prop_assert!(!same),
                Err(code) => prop_assert_eq!((code, same), (Code::UnsupportedVersion, true)),
            }
        }
    }

    #[test]
    fn every_client_gets_something_it_reads() {
        let accepts = |value: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT, value.parse().unwrap())]);
            let Accepts { json, event_stream } = Accepts::of(&headers);
            (json, event_stream)
        };
        assert_eq!(accepts("application/json, text/event-stream"), (true, true));
        assert_eq!(accepts("application/json;q=0.9"), (true, false));
        assert_eq!(accepts("text/event-stream"), (false, true));
        assert_eq!(accepts("image/png"), (true, false));
        assert_eq!(accepts("*/*"), (true, true));
    }
}
