//! What goes to an upstream: the client's own message with a few places replaced.

use super::handshake::modern_meta;
use crate::mcp::{
    envelope::{Message, Meta, Params, span},
    era::Era,
    splice::{Edit, insert_members, splice},
};

/// A `tools/call` as it came, and what must be different on the way to the upstream.
pub struct CallTemplate<'a> {
    /// The client's message.
    pub body: &'a [u8],
    pub message: &'a Message<'a>,
    pub params: &'a Params<'a>,
    pub meta: Option<&'a Meta<'a>>,
    /// The upstream's own name for the tool, as a JSON string; unset where the client used it.
    pub name: Option<&'a [u8]>,
    pub client_era: Era,
    pub upstream_era: Era,
    /// The W3C trace context to pass on, in place of one that the message carries.
    pub traceparent: Option<&'a str>,
}

impl CallTemplate<'_> {
    /// The message for the upstream under our id. Members that nobody here knows stay as they are.
    pub fn line(&self, id: u64) -> Vec<u8> {
        let id = id.to_string();
        let mut members = Vec::new();
        let mut edits = Vec::with_capacity(4);
        if let Some(raw) = self.message.id {
            edits.push(Edit {
                at: span(self.body, raw),
                with: id.as_bytes(),
            });
        }
        if let (Some(name), Some(raw)) = (self.name, self.params.name) {
            edits.push(Edit {
                at: span(self.body, raw),
                with: name,
            });
        }
        if let Some(token) = self.meta.and_then(|meta| meta.progress_token) {
            // The request's own id: unique on this worker, which the client's token is not.
            edits.push(Edit {
                at: span(self.body, token),
                with: id.as_bytes(),
            });
        }
        let traceparent = self.traceparent.map(|text| format!(r#""{text}""#));
        let carried = self.meta.and_then(|meta| meta.traceparent);
        if let (Some(new), Some(old)) = (&traceparent, carried) {
            edits.push(Edit {
                at: span(self.body, old),
                with: new.as_bytes(),
            });
        }
        self.add_meta(
            &mut members,
            traceparent.as_deref().filter(|_| carried.is_none()),
        );
        if !members.is_empty() {
            edits.push(self.insert_meta(&mut members));
        }
        splice(self.body, &mut edits)
    }

    /// The members of `_meta` that the client did not send and the upstream needs.
    fn add_meta(&self, members: &mut Vec<u8>, traceparent: Option<&str>) {
        if self.client_era == Era::Legacy && self.upstream_era == Era::Modern {
            let meta = modern_meta().to_string();
            members.extend_from_slice(&meta.as_bytes()[1..meta.len() - 1]);
        }
        if let Some(traceparent) = traceparent {
            if !members.is_empty() {
                members.push(b',');
            }
            members.extend_from_slice(format!(r#""traceparent":{traceparent}"#).as_bytes());
        }
    }

    fn insert_meta<'m>(&self, members: &'m mut Vec<u8>) -> Edit<'m> {
        if let Some(meta) = self.params.meta {
            return insert_members(members, self.body, span(self.body, meta));
        }
        let wrapped = [br#""_meta":{"#, members.as_slice(), b"}"].concat();
        *members = wrapped;
        let params = self
            .message
            .params
            .map_or(0..0, |params| span(self.body, params));
        insert_members(members, self.body, params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(
        body: &str,
        name: Option<&[u8]>,
        eras: (Era, Era),
        traceparent: Option<&str>,
    ) -> String {
        let message = Message::parse(body.as_bytes()).unwrap();
        let params = Params::parse(message.params.unwrap()).unwrap();
        let meta = params.meta.map(|raw| Meta::parse(raw).unwrap());
        let template = CallTemplate {
            body: body.as_bytes(),
            message: &message,
            params: &params,
            meta: meta.as_ref(),
            name,
            client_era: eras.0,
            upstream_era: eras.1,
            traceparent,
        };
        String::from_utf8(template.line(42)).unwrap()
    }

    #[test]
    fn only_id_name_and_token_change() {
        let body = r#"{"x":1e400,"id":"a","params":{"name":"u__t","arguments":{"b":1,"a":"\u00e9"},"_meta":{"progressToken":"p","k":[]}},"method":"tools/call"}"#;
        assert_eq!(
            line(body, Some(b"\"t\""), (Era::Legacy, Era::Legacy), None),
            r#"{"x":1e400,"id":42,"params":{"name":"t","arguments":{"b":1,"a":"\u00e9"},"_meta":{"progressToken":42,"k":[]}},"method":"tools/call"}"#
        );
    }

    #[test]
    fn a_modern_upstream_gets_what_a_legacy_client_cannot_know() {
        for body in [
            r#"{"id":1,"params":{"name":"t"}}"#,
            r#"{"id":1,"params":{"name":"t","_meta":{}}}"#,
            r#"{"id":1,"params":{"name":"t","_meta":{"k":1}}}"#,
        ] {
            let line = line(body, None, (Era::Legacy, Era::Modern), Some("00-a-b-01"));
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            let meta = &value["params"]["_meta"];
            assert_eq!(
                meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28",
                "{line}"
            );
            assert_eq!(meta["traceparent"], "00-a-b-01");
            assert_eq!(value["params"]["name"], "t");
            assert_eq!(meta.get("k").is_some(), body.contains('k'));
        }
    }
}
