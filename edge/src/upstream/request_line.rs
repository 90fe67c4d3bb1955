//! What goes to an upstream: the client's own message with a few places replaced.

use super::handshake::modern_meta;
use crate::mcp::{
    envelope::{Members, Message, Meta, Params, span},
    era::{Era, META_CLIENT_CAPABILITIES, META_CLIENT_INFO, META_LOG_LEVEL, META_PROTOCOL_VERSION},
    log_level::LogLevel,
    splice::{Edit, insert_members, remove_member, splice},
};
use bytes::Bytes;
use ostia_domain::capability::ClientCapabilities;
use serde_json::value::RawValue;
use std::ops::Range;

/// What must be different on the way to the upstream.
pub struct Bridge<'a> {
    /// Where the client's name for the tool, prompt or resource stands, and the upstream's own, as a JSON
    /// string; unset where they are the same.
    pub name: Option<(&'a RawValue, &'a [u8])>,
    /// The upstream's own request state, as JSON, in place of the one that the client holds.
    pub request_state: Option<&'a [u8]>,
    pub client_era: Era,
    pub upstream_era: Era,
    /// What the client can be asked for, in this call.
    pub capabilities: ClientCapabilities,
    /// How much of the log a legacy client wants.
    pub log_level: Option<LogLevel>,
    /// The W3C trace context to pass on, in place of one that the message carries.
    pub traceparent: Option<&'a str>,
}

/// A request as its upstream gets it, but for the id, which is another on each worker and attempt.
/// Members that nobody here knows stay as they are.
#[derive(Clone)]
pub struct RequestLine {
    body: Bytes,
    id: Range<usize>,
    token: Option<Range<usize>>,
    replaced: Vec<(Range<usize>, Box<[u8]>)>,
    /// The places of `params` and `params._meta`, where there are such.
    params: Option<Range<usize>>,
    meta: Option<Range<usize>>,
    /// What stays of `_meta` where a legacy upstream gets a modern client's.
    kept_meta: Option<Vec<u8>>,
    /// Members for `_meta` and for `params`, as `"a":1,"b":2`.
    added_meta: Vec<u8>,
    added_params: Vec<u8>,
}

impl RequestLine {
    pub fn new(
        body: &Bytes,
        message: &Message<'_>,
        (params, meta): (Option<&Params<'_>>, Option<&Meta<'_>>),
        bridge: &Bridge<'_>,
    ) -> Self {
        let place = |raw: &RawValue| span(body, raw);
        let mut replaced = Vec::new();
        if let Some((raw, name)) = bridge.name {
            replaced.push((place(raw), name.into()));
        }
        let state = params.and_then(|params| params.request_state);
        if let (Some(new), Some(old)) = (bridge.request_state, state) {
            replaced.push((place(old), new.into()));
        }
        // To a modern client's upstream of the other era it would mean what the client cannot read.
        let task = params.and_then(|params| params.task);
        if let (Some(task), (Era::Modern, Era::Legacy)) =
            (task, (bridge.client_era, bridge.upstream_era))
        {
            replaced.push((remove_member(body, place(task)).at, Box::default()));
        }
        let traceparent = bridge.traceparent.map(|text| format!(r#""{text}""#));
        let kept_meta = params
            .and_then(|params| params.meta)
            .filter(|_| (bridge.client_era, bridge.upstream_era) == (Era::Modern, Era::Legacy))
            .and_then(|raw| kept(raw, traceparent.is_some()));
        let carried = meta
            .filter(|_| kept_meta.is_none())
            .and_then(|meta| meta.traceparent);
        if let (Some(new), Some(old)) = (&traceparent, carried) {
            replaced.push((place(old), new.as_bytes().into()));
        }
        let added = traceparent.filter(|_| carried.is_none());
        Self {
            id: message.id.map_or(0..0, place),
            // The request's own id: unique on this worker, which the client's token is not.
            token: meta.and_then(|meta| meta.progress_token).map(place),
            replaced,
            params: message.params.map(place),
            meta: params.and_then(|params| params.meta).map(place),
            kept_meta,
            added_meta: added_meta(bridge, added),
            added_params: Vec::new(),
            body: body.clone(),
        }
    }

    /// The same request once more, with the answers that its upstream asked for.
    #[must_use]
    pub fn answering(&self, responses: &str, state: Option<&str>) -> Self {
        let mut added = format!(r#""inputResponses":{responses}"#);
        if let Some(state) = state {
            added.push_str(r#","requestState":"#);
            added.push_str(state);
        }
        Self {
            added_params: added.into_bytes(),
            ..self.clone()
        }
    }

    /// The message under our id.
    pub fn line(&self, id: u64) -> Vec<u8> {
        let id = id.to_string();
        let id = id.as_bytes();
        let mut edits = Vec::with_capacity(6);
        let at = |at: &Range<usize>, with| Edit {
            at: at.clone(),
            with,
        };
        edits.push(at(&self.id, id));
        let legacy_meta = self.legacy_meta(id);
        match (&self.meta, &legacy_meta) {
            (Some(place), Some(whole)) => edits.push(at(place, whole)),
            _ => edits.extend(self.token.iter().map(|token| at(token, id))),
        }
        edits.extend(self.replaced.iter().map(|(place, with)| at(place, with)));
        let mut meta = self.added_meta.clone();
        if legacy_meta.is_some() {
            meta.clear();
        }
        let mut params = self.added_params.clone();
        match &self.meta {
            Some(place) if !meta.is_empty() => {
                edits.push(insert_members(&mut meta, &self.body, place.clone()));
            }
            None if !meta.is_empty() => {
                if !params.is_empty() {
                    params.push(b',');
                }
                params.extend_from_slice(br#""_meta":{"#);
                params.extend_from_slice(&meta);
                params.push(b'}');
            }
            _ => {}
        }
        if !params.is_empty() {
            edits.push(self.insert_params(&mut params));
        }
        splice(&self.body, &mut edits)
    }

    /// `_meta` as a legacy upstream knows it, in place of a modern client's.
    fn legacy_meta(&self, id: &[u8]) -> Option<Vec<u8>> {
        let mut members = self.kept_meta.clone()?;
        let mut add = |more: &[u8]| {
            if !members.is_empty() {
                members.push(b',');
            }
            members.extend_from_slice(more);
        };
        if !self.added_meta.is_empty() {
            add(&self.added_meta);
        }
        if self.token.is_some() {
            add(&[br#""progressToken":"#, id].concat());
        }
        Some([b"{", members.as_slice(), b"}"].concat())
    }

    fn insert_params<'m>(&self, members: &'m mut Vec<u8>) -> Edit<'m> {
        if let Some(place) = &self.params {
            return insert_members(members, &self.body, place.clone());
        }
        *members = [br#""params":{"#, members.as_slice(), b"}"].concat();
        let open = self.body.iter().position(|byte| *byte == b'{').unwrap_or(0);
        insert_members(members, &self.body, open..self.body.len())
    }
}

/// The members of a modern client's `_meta` that mean something in the legacy era too, as they stand
/// there. The progress token, and the trace where it is another now, are written anew.
fn kept(meta: &RawValue, new_trace: bool) -> Option<Vec<u8>> {
    let members: Members<'_> = serde_json::from_str(meta.get()).ok()?;
    let of_the_modern_era = [
        META_PROTOCOL_VERSION,
        META_CLIENT_CAPABILITIES,
        META_CLIENT_INFO,
        META_LOG_LEVEL,
        "progressToken",
    ];
    let kept: Vec<_> = members
        .0
        .iter()
        .filter(|(name, _)| !of_the_modern_era.contains(&name.as_str()))
        .filter(|(name, _)| !(new_trace && name == "traceparent"))
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
        .collect();
    Some(kept.join(",").into_bytes())
}

/// The members of `_meta` that the client did not send and the upstream needs.
fn added_meta(bridge: &Bridge<'_>, traceparent: Option<String>) -> Vec<u8> {
    let mut members = Vec::new();
    if bridge.client_era == Era::Legacy && bridge.upstream_era == Era::Modern {
        let meta = modern_meta(bridge.capabilities, bridge.log_level).to_string();
        members.extend_from_slice(&meta.as_bytes()[1..meta.len() - 1]);
    }
    if let Some(traceparent) = traceparent {
        if !members.is_empty() {
            members.push(b',');
        }
        members.extend_from_slice(format!(r#""traceparent":{traceparent}"#).as_bytes());
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(
        body: &str,
        name: Option<&[u8]>,
        eras: (Era, Era),
        trace: Option<&str>,
    ) -> RequestLine {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let message = Message::parse(&body).unwrap();
        let params = message.params.map(|raw| Params::parse(raw).unwrap());
        let meta = params.as_ref().and_then(|params| params.meta);
        let meta = meta.map(|raw| Meta::parse(raw).unwrap());
        let bridge = Bridge {
            name: name.map(|name| (params.as_ref().unwrap().name.unwrap(), name)),
            request_state: None,
            client_era: eras.0,
            upstream_era: eras.1,
            capabilities: ClientCapabilities::NONE,
            log_level: None,
            traceparent: trace,
        };
        RequestLine::new(&body, &message, (params.as_ref(), meta.as_ref()), &bridge)
    }

    fn text(request: &RequestLine) -> String {
        String::from_utf8(request.line(42)).unwrap()
    }

    #[test]
    fn only_id_name_and_token_change() {
        let body = r#"{"x":1e400,"id":"a","params":{"name":"u__t","arguments":{"b":1,"a":"\u00e9"},"_meta":{"progressToken":"p","k":[]}},"method":"tools/call"}"#;
        let request = request(body, Some(b"\"t\""), (Era::Legacy, Era::Legacy), None);
        assert_eq!(
            text(&request),
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
            let line = text(&request(
                body,
                None,
                (Era::Legacy, Era::Modern),
                Some("00-a-b-01"),
            ));
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

    #[test]
    fn a_legacy_upstream_hears_nothing_of_the_modern_era() {
        let body = r#"{"id":1,"params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"k":[1.0],"progressToken":"p"},"z":1}}"#;
        let request = request(body, None, (Era::Modern, Era::Legacy), None);
        assert_eq!(
            text(&request),
            r#"{"id":42,"params":{"name":"t","_meta":{"k":[1.0],"progressToken":42},"z":1}}"#
        );
    }

    #[test]
    fn only_legacy_clients_ask_legacy_upstreams_for_a_task() {
        let body = r#"{"id":1,"params":{"name":"t","task":{"ttl":1}},"method":"tools/call"}"#;
        let sent = |client| text(&request(body, None, (client, Era::Legacy), None));
        assert_eq!(sent(Era::Legacy), body.replace("\"id\":1", "\"id\":42"));
        assert_eq!(
            sent(Era::Modern),
            r#"{"id":42,"params":{"name":"t"},"method":"tools/call"}"#
        );
    }

    #[test]
    fn answers_and_state_go_beside_what_was_asked_first() {
        for body in [
            r#"{"id":1,"params":{"name":"t"}}"#,
            r#"{"id":1,"params":{"_meta":{"k":1},"name":"t"}}"#,
            r#"{"id":1}"#,
        ] {
            let again = request(body, None, (Era::Legacy, Era::Modern), None)
                .answering(r#"{"q":{"action":"accept"}}"#, Some(r#""s""#));
            let value: serde_json::Value = serde_json::from_str(&text(&again)).unwrap();
            assert_eq!(value["params"]["inputResponses"]["q"]["action"], "accept");
            assert_eq!(value["params"]["requestState"], "s");
            assert!(value["params"]["_meta"].is_object(), "{value}");
        }
    }
}
