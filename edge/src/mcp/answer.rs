//! What a client gets: the upstream's own message with the client's id in it, and the few members that
//! its era has and the upstream's has not.

use super::{
    envelope::{member, span},
    era::Era,
    log_level::LogLevel,
    splice::{Edit, insert_members, remove_member, splice},
    task_ids::{self, Renamed},
};
use crate::{
    mcp::relay::Relayed,
    pool::pending::{Answer, Kind as Said, Notification},
    upstream::handshake::error_code,
};
use axum::body::Bytes;
use memchr::memmem;
use ostia_domain::usage::Outcome;
use serde::Deserialize;
use serde_json::value::RawValue;

/// How one client's answers are written.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The id and the progress token as the client wrote them.
    pub id: Bytes,
    pub progress_token: Option<Bytes>,
    /// The least severe log messages that it wants; unset: none.
    pub log_level: Option<LogLevel>,
    pub era: Era,
    pub relayed: Relayed,
}

impl Addressee {
    /// The upstream's answer for this client, with its tasks named as the client knows them.
    pub fn answer(&self, answer: &Answer, upstream: Era, tasks: &[Renamed]) -> Vec<u8> {
        let mut members = Vec::new();
        let mut edits = task_ids::edits(tasks);
        edits.push(Edit {
            at: answer.id.clone(),
            with: &self.id,
        });
        if answer.is_result {
            if self.era == Era::Modern && upstream == Era::Legacy {
                self.complete(answer, &mut members);
            }
            if !members.is_empty() {
                let place = answer.payload.clone();
                edits.push(insert_members(&mut members, &answer.line, place));
            }
            if self.era == Era::Legacy && upstream == Era::Modern {
                edits.extend(without_result_type(answer));
            }
        } else if let Some(edit) = self.error_code(answer, upstream) {
            edits.push(edit);
        }
        splice(&answer.line, &mut edits)
    }

    /// The members without which a modern client takes a legacy upstream's result for none.
    fn complete(&self, answer: &Answer, members: &mut Vec<u8>) {
        let result = answer.payload();
        if !result.starts_with(b"{") {
            return;
        }
        if !has_member(result, "resultType") {
            members.extend_from_slice(br#""resultType":"complete""#);
        }
        if self.relayed == Relayed::Read && !has_member(result, "ttlMs") {
            if !members.is_empty() {
                members.push(b',');
            }
            members.extend_from_slice(br#""ttlMs":0,"cacheScope":"private""#);
        }
    }

    /// A resource that is not there has another code in each era, and a capability that the client lacks
    /// has none in the legacy one.
    fn error_code(&self, answer: &Answer, upstream: Era) -> Option<Edit<'static>> {
        if upstream == self.era {
            return None;
        }
        let read = self.relayed == Relayed::Read;
        let code: &'static [u8] = match (self.era, error_code(answer.payload())?) {
            (Era::Modern, -32002) if read => b"-32602",
            (Era::Legacy, -32602) if read => b"-32002",
            (Era::Legacy, -32021) => b"-31021",
            _ => return None,
        };
        let error: &RawValue = serde_json::from_slice(answer.payload()).ok()?;
        let place = span(answer.payload(), member(error, "code")?);
        let from = answer.payload.start;
        Some(Edit {
            at: from + place.start..from + place.end,
            with: code,
        })
    }

    /// What the upstream says in between, where this client wants it: progress under the client's own
    /// token, log messages from its level on.
    pub fn notification(&self, said: &Notification, tasks: &[Renamed]) -> Option<Vec<u8>> {
        let mut edits = task_ids::edits(tasks);
        match &said.kind {
            Said::Progress(token) => edits.push(Edit {
                at: token.clone(),
                with: self.progress_token.as_ref()?,
            }),
            Said::Log(level) if *level < self.log_level? => return None,
            Said::Log(_) | Said::Other => {}
        }
        Some(splice(&said.line, &mut edits))
    }
}

/// What a legacy client has no use for. Nothing of it is looked for further inside.
fn without_result_type(answer: &Answer) -> Option<Edit<'static>> {
    let result = answer.payload();
    memmem::find(result, b"resultType")?;
    let object: &RawValue = serde_json::from_slice(result).ok()?;
    let value = span(result, member(object, "resultType")?);
    let from = answer.payload.start;
    let place = from + value.start..from + value.end;
    Some(remove_member(&answer.line, place))
}

/// Whether an object has a member; only one that has the word somewhere is worth reading.
fn has_member(object: &[u8], name: &str) -> bool {
    memmem::find(object, name.as_bytes()).is_some()
        && serde_json::from_slice::<&RawValue>(object)
            .is_ok_and(|object| member(object, name).is_some())
}

/// How a request ended, as far as its answer tells.
pub fn outcome(answer: &Answer) -> Outcome {
    #[derive(Deserialize)]
    struct Failed {
        #[serde(rename = "isError", default)]
        is_error: Option<bool>,
    }
    if !answer.is_result {
        return Outcome::UpstreamError;
    }
    let result = answer.payload();
    let may_have_failed = memmem::find_iter(result, b"\"isError\"").any(|at| {
        let rest = &result[at + b"\"isError\"".len()..];
        rest.trim_ascii_start()
            .strip_prefix(b":")
            .is_some_and(|v| v.trim_ascii_start().starts_with(b"t"))
    });
    let failed = may_have_failed
        && serde_json::from_slice::<Failed>(result)
            .is_ok_and(|result| result.is_error == Some(true));
    if failed {
        Outcome::ToolError
    } else {
        Outcome::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::envelope::Message;

    fn answer(line: &'static str) -> Answer {
        let message = Message::parse(line.as_bytes()).unwrap();
        Answer {
            id: span(line.as_bytes(), message.id.unwrap()),
            payload: span(line.as_bytes(), message.result.or(message.error).unwrap()),
            is_result: message.result.is_some(),
            line: Bytes::from_static(line.as_bytes()),
        }
    }

    fn addressee(era: Era, relayed: Relayed) -> Addressee {
        Addressee {
            id: Bytes::from_static(b"\"x\""),
            progress_token: None,
            log_level: None,
            era,
            relayed,
        }
    }

    fn read(relayed: Relayed, (client, upstream): (Era, Era), line: &'static str) -> String {
        let text = addressee(client, relayed).answer(&answer(line), upstream, &[]);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_legacy_client_gets_no_result_type_at_the_top() {
        let line =
            r#"{"id":7,"result":{"resultType":"complete","structuredContent":{"resultType":1}}}"#;
        let kept = r#"{"id":"x","result":{"structuredContent":{"resultType":1}}}"#;
        assert_eq!(read(Relayed::Call, (Era::Legacy, Era::Modern), line), kept);
        let alone = r#"{"id":7,"result":{"resultType":"complete"}}"#;
        let empty = r#"{"id":"x","result":{}}"#;
        assert_eq!(
            read(Relayed::Call, (Era::Legacy, Era::Modern), alone),
            empty
        );
        for era in [Era::Legacy, Era::Modern] {
            let as_sent = line.replace("\"id\":7", "\"id\":\"x\"");
            assert_eq!(read(Relayed::Call, (era, era), line), as_sent);
        }
    }

    #[test]
    fn only_the_id_changes_within_an_era() {
        let line = r#"{"result":{"n":1.0,"zz":{}},"jsonrpc":"2.0","extra":null,"id":7}"#;
        for era in [Era::Legacy, Era::Modern] {
            assert_eq!(
                read(Relayed::Call, (era, era), line),
                r#"{"result":{"n":1.0,"zz":{}},"jsonrpc":"2.0","extra":null,"id":"x"}"#
            );
        }
    }

    #[test]
    fn a_modern_client_gets_a_result_type_exactly_once() {
        let read = |line| read(Relayed::Call, (Era::Modern, Era::Legacy), line);
        assert_eq!(
            read(r#"{"id":7,"result":{}}"#),
            r#"{"id":"x","result":{"resultType":"complete"}}"#
        );
        let typed = r#"{"id":7,"result":{"resultType":"task"}}"#;
        assert_eq!(read(typed), r#"{"id":"x","result":{"resultType":"task"}}"#);
        let nested = read(r#"{"id":7,"result":{"structuredContent":{"resultType":1}}}"#);
        assert!(
            nested.contains(r#"{"resultType":"complete","structuredContent""#),
            "{nested}"
        );
        assert_eq!(
            read(r#"{"id":7,"error":{"code":1}}"#),
            r#"{"id":"x","error":{"code":1}}"#
        );
    }

    #[test]
    fn a_missing_resource_is_told_as_the_clients_era_tells_it() {
        let legacy = r#"{"id":7,"error":{"code":-32002,"message":"m","data":{"uri":"a:b"}}}"#;
        let modern = r#"{"id":7,"error":{"code":-32602,"message":"m","data":{"uri":"a:b"}}}"#;
        let there = |line: &str| line.replace("\"id\":7", "\"id\":\"x\"");
        assert_eq!(
            read(Relayed::Read, (Era::Modern, Era::Legacy), legacy),
            there(modern)
        );
        assert_eq!(
            read(Relayed::Read, (Era::Legacy, Era::Modern), modern),
            there(legacy)
        );
        assert_eq!(
            read(Relayed::Call, (Era::Legacy, Era::Modern), modern),
            there(modern)
        );
    }

    #[test]
    fn a_resource_of_a_legacy_upstream_is_not_to_be_kept() {
        assert_eq!(
            read(
                Relayed::Read,
                (Era::Modern, Era::Legacy),
                r#"{"id":7,"result":{"contents":[]}}"#
            ),
            r#"{"id":"x","result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}}"#
        );
    }

    #[test]
    fn a_failed_tool_is_told_from_one_that_talks_about_failure() {
        assert_eq!(
            outcome(&answer(r#"{"id":1,"result":{"isError" : true}}"#)),
            Outcome::ToolError
        );
        assert_eq!(
            outcome(&answer(r#"{"id":1,"result":{"isError":false}}"#)),
            Outcome::Ok
        );
        let nested = r#"{"id":1,"result":{"structuredContent":{"isError":true}}}"#;
        assert_eq!(outcome(&answer(nested)), Outcome::Ok);
        assert_eq!(
            outcome(&answer(r#"{"id":1,"error":{}}"#)),
            Outcome::UpstreamError
        );
    }
}
