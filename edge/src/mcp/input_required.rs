//! `input_required`: what an upstream needs of a client before it can answer, as the modern era says it.

use super::{
    answer::Addressee,
    envelope::{Members, is_object, member, span, string},
    splice::{Edit, insert_members, splice},
};
use crate::{
    error::Error,
    pool::pending::{Answer, Question},
};
use memchr::memmem;
use ostia_domain::{capability::ClientCapabilities, code::Code};
use serde_json::{Value, value::RawValue};

/// A result that asks for more.
pub struct InputRequired<'a> {
    pub requests: Vec<Requested<'a>>,
    pub state: Option<&'a RawValue>,
}

/// One thing that is asked for.
pub struct Requested<'a> {
    /// Under which its answer is expected.
    pub name: String,
    pub method: String,
    params: Option<&'a RawValue>,
}

impl<'a> InputRequired<'a> {
    /// Whether it is worth reading.
    pub fn is_in(result: &[u8]) -> bool {
        memmem::find(result, b"input_required").is_some()
    }

    /// Unset for any other result.
    pub fn read(result: &'a [u8]) -> Option<Self> {
        let result: &RawValue = serde_json::from_slice(result).ok()?;
        if member(result, "resultType").and_then(string)? != "input_required" {
            return None;
        }
        let requests = match member(result, "inputRequests") {
            Some(raw) => serde_json::from_str::<Members<'_>>(raw.get()).ok()?.0,
            None => Vec::new(),
        };
        let requests = requests.into_iter().map(|(name, raw)| {
            Some(Requested {
                name,
                method: member(raw, "method").and_then(string)?.into_owned(),
                params: member(raw, "params"),
            })
        });
        Some(Self {
            requests: requests.collect::<Option<_>>()?,
            state: member(result, "requestState"),
        })
    }
}

impl Requested<'_> {
    pub fn needed(&self) -> Option<ClientCapabilities> {
        needed(&self.method, self.params.map(RawValue::get))
    }

    /// As a legacy client expects them: elicitation by URL has an id there.
    pub fn legacy_params(&self) -> Option<String> {
        let params = self.params?;
        let by_url = self.method == "elicitation/create"
            && is_object(params)
            && member(params, "mode").and_then(string).as_deref() == Some("url")
            && member(params, "elicitationId").is_none();
        if !by_url {
            return Some(params.get().to_owned());
        }
        let mut id = format!(r#""elicitationId":"{}""#, uuid::Uuid::new_v4()).into_bytes();
        let source = params.get().as_bytes();
        let edit = insert_members(&mut id, source, 0..source.len());
        String::from_utf8(splice(source, &mut [edit])).ok()
    }
}

/// What a client must have declared to be asked this; unset for what no client can be asked.
pub fn needed(method: &str, params: Option<&str>) -> Option<ClientCapabilities> {
    match method {
        "elicitation/create" => {
            let params: Option<&RawValue> = params.and_then(|text| serde_json::from_str(text).ok());
            let mode = params
                .filter(|raw| is_object(raw))
                .and_then(|raw| member(raw, "mode"))
                .and_then(string);
            Some(match mode.as_deref() {
                Some("url") => ClientCapabilities::ELICITATION_URL,
                _ => ClientCapabilities::ELICITATION_FORM,
            })
        }
        "sampling/createMessage" => Some(ClientCapabilities::SAMPLING),
        "roots/list" => Some(ClientCapabilities::ROOTS),
        _ => None,
    }
}

/// The client cannot be asked what its upstream needs.
pub fn not_declared(method: &str, needed: Option<ClientCapabilities>) -> Error {
    let shown: String = method.chars().take(100).collect();
    let error = Error::new(
        Code::ClientCapabilityMissing,
        format!(
            "The upstream needs {shown:?} of its client, which did not declare that it can be asked."
        ),
    );
    match needed {
        Some(needed) => error.with("requiredCapabilities", needed.declare()),
        None => error,
    }
}

/// The answer for a modern client, with the upstream's state replaced by a sealed one.
pub fn with_state(
    addressee: &Addressee,
    answer: &Answer,
    required: &InputRequired<'_>,
    sealed: Option<String>,
) -> Vec<u8> {
    let sealed = sealed.map(|state| format!("\"{state}\""));
    let mut edits = vec![Edit {
        at: answer.id.clone(),
        with: &addressee.id,
    }];
    if let (Some(raw), Some(sealed)) = (required.state, &sealed) {
        edits.push(Edit {
            at: span(&answer.line, raw),
            with: sealed.as_bytes(),
        });
    }
    splice(&answer.line, &mut edits)
}

/// The name of the only question of a parked call.
const ONLY: &str = "1";

/// The answer to a modern client whose legacy upstream asks this in the middle of the call.
pub fn asking(id: &[u8], question: &Question, state: &str) -> Vec<u8> {
    let method = Value::from(question.method.as_str());
    let params = question
        .params()
        .map_or(String::new(), |params| format!(r#","params":{params}"#));
    let id = String::from_utf8_lossy(id);
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"input_required","inputRequests":{{"{ONLY}":{{"method":{method}{params}}}}},"requestState":"{state}"}}}}"#
    )
    .into_bytes()
}

/// The answer to the question of a parked call, if it is there.
pub fn answer_to_parked(responses: Option<&RawValue>) -> Option<&RawValue> {
    responses
        .filter(|raw| is_object(raw))
        .and_then(|raw| member(raw, ONLY))
}

/// Raw values as one object.
pub fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_result_that_says_so_asks_for_more() {
        let asks = br#"{"resultType":"input_required","inputRequests":{"b":{"method":"roots/list"},"a":{"method":"elicitation/create","params":{"mode":"url"}}},"requestState":"s"}"#;
        let read = InputRequired::read(asks).unwrap();
        let names: Vec<_> = read.requests.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(read.state.unwrap().get(), r#""s""#);
        assert_eq!(read.requests[0].needed(), Some(ClientCapabilities::ROOTS));
        assert_eq!(
            read.requests[1].needed(),
            Some(ClientCapabilities::ELICITATION_URL)
        );
        let id: Value = serde_json::from_str(&read.requests[1].legacy_params().unwrap()).unwrap();
        assert!(id["elicitationId"].is_string());
        assert!(
            InputRequired::read(br#"{"resultType":"complete","x":"input_required"}"#).is_none()
        );
    }
}
