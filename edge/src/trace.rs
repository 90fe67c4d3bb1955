//! W3C trace context: taken from the client, continued here, handed to the upstream.

use http::HeaderMap;
use opentelemetry::{
    global,
    propagation::{Extractor, Injector},
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of request spans, by which a process that exports no traces switches them off whole.
pub const TARGET: &str = "ostia::request";

const TRACEPARENT: &str = "traceparent";

/// What a client said about the trace that its request belongs to.
pub enum Incoming<'a> {
    /// In the message itself, where an upstream sees it too.
    Message(Cow<'a, str>),
    Header(&'a str),
    None,
}

impl<'a> Incoming<'a> {
    /// `_meta` goes before the HTTP header. Only the form that W3C gives counts: the text will become
    /// part of a message.
    pub fn of(headers: &'a HeaderMap, meta: Option<&'a RawValue>) -> Self {
        if let Some(text) = meta.and_then(crate::mcp::envelope::string) {
            return if is_well_formed(&text) {
                Self::Message(text)
            } else {
                Self::None
            };
        }
        match headers
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok())
        {
            Some(text) if is_well_formed(text) => Self::Header(text),
            _ => Self::None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Message(text) => Some(text),
            Self::Header(text) => Some(text),
            Self::None => None,
        }
    }
}

fn is_well_formed(text: &str) -> bool {
    text.len() == 55
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Begins the span of a call, and says which trace context the upstream must get: unset where it
/// already has the right one, or there is none.
pub fn begin(tool: &str, incoming: &Incoming<'_>) -> (Span, Option<String>) {
    let span = tracing::info_span!(
        target: TARGET, "tools/call", otel.kind = "server", tool, outcome = Empty
    );
    if span.is_disabled() {
        let outgoing = match incoming {
            Incoming::Header(text) => Some((*text).to_owned()),
            Incoming::Message(_) | Incoming::None => None,
        };
        return (span, outgoing);
    }
    let mut carrier = Carrier(incoming.text().map(str::to_owned));
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
    // Fails only where nothing exports spans.
    let _ = span.set_parent(parent);
    carrier.0 = None;
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&span.context(), &mut carrier);
    });
    (span, carrier.0)
}

/// The one member of a trace context that is carried on.
struct Carrier(Option<String>);

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == TRACEPARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = Some(value);
        }
    }
}
