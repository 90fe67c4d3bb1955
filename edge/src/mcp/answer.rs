//! What a client gets: the upstream's own message with the client's id in it.

use super::{
    era::Era,
    splice::{Edit, insert_members, splice},
};
use crate::pool::pending::{Answer, Progress};
use axum::body::Bytes;
use memchr::memmem;
use ostia_domain::usage::Outcome;
use serde::Deserialize;

/// How one client's answers are written.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The id and the progress token as the client wrote them.
    pub id: Bytes,
    pub progress_token: Option<Bytes>,
    pub era: Era,
}

impl Addressee {
    /// The upstream's answer for this client. A legacy upstream's result gets the member without which
    /// a modern client takes it for none.
    pub fn answer(&self, answer: &Answer, upstream: Era) -> Vec<u8> {
        let mut members = Vec::new();
        let mut edits = Vec::with_capacity(2);
        edits.push(Edit {
            at: answer.id.clone(),
            with: &self.id,
        });
        let incomplete = self.era == Era::Modern
            && upstream == Era::Legacy
            && answer.is_result
            && answer.payload().starts_with(b"{")
            && !has_result_type(answer.payload());
        if incomplete {
            members.extend_from_slice(br#""resultType":"complete""#);
            edits.push(insert_members(
                &mut members,
                &answer.line,
                answer.payload.clone(),
            ));
        }
        splice(&answer.line, &mut edits)
    }

    /// A progress notification under the client's own token; unset when it asked for none.
    pub fn progress(&self, progress: &Progress) -> Option<Vec<u8>> {
        let token = self.progress_token.as_ref()?;
        Some(splice(
            &progress.line,
            &mut [Edit {
                at: progress.token.clone(),
                with: token,
            }],
        ))
    }
}

fn has_result_type(result: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, rename = "resultType")]
        result_type: Option<&'a serde_json::value::RawValue>,
    }
    // Only a result that has the word somewhere is worth reading.
    memmem::find(result, b"\"resultType\"").is_some()
        && serde_json::from_slice::<Typed<'_>>(result)
            .is_ok_and(|typed| typed.result_type.is_some())
}

/// How a call ended, as far as its answer tells.
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
    use crate::mcp::envelope::{Message, span};

    fn answer(line: &'static str) -> Answer {
        let message = Message::parse(line.as_bytes()).unwrap();
        Answer {
            id: span(line.as_bytes(), message.id.unwrap()),
            payload: span(line.as_bytes(), message.result.or(message.error).unwrap()),
            is_result: message.result.is_some(),
            line: Bytes::from_static(line.as_bytes()),
        }
    }

    fn addressee(era: Era) -> Addressee {
        Addressee {
            id: Bytes::from_static(b"\"x\""),
            progress_token: None,
            era,
        }
    }

    #[test]
    fn only_the_id_changes_within_an_era() {
        let answer = answer(r#"{"result":{"n":1.0,"zz":{}},"jsonrpc":"2.0","extra":null,"id":7}"#);
        assert_eq!(
            addressee(Era::Legacy).answer(&answer, Era::Legacy),
            br#"{"result":{"n":1.0,"zz":{}},"jsonrpc":"2.0","extra":null,"id":"x"}"#
        );
    }

    #[test]
    fn a_modern_client_gets_a_result_type_exactly_once() {
        let read = |line| {
            let text = addressee(Era::Modern).answer(&answer(line), Era::Legacy);
            String::from_utf8(text).unwrap()
        };
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
