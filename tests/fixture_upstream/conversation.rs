//! Asking the client in the middle of a request, in the way of its era.

use crate::{era, question::Question};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        ClientCapabilities, InputRequiredResult, InputResponses, JsonObject, RequestStateCodec,
        SealOptions,
    },
    service::RequestContext,
};
use serde_json::Value;

/// How often a script may ask before it must be done.
const MAX_ROUNDS: usize = 8;

/// All workers of an upstream must be able to open what one of them sealed.
const STATE_KEY: &[u8] = b"a key that protects nothing but tests";

/// What a script knows when it is called.
pub(crate) struct Turn {
    pub(crate) arguments: JsonObject,
    pub(crate) capabilities: ClientCapabilities,
    responses: InputResponses,
    /// What the script wanted to remember when it asked.
    pub(crate) state: Option<String>,
}

impl Turn {
    /// A part of the answer to a question, by a JSON pointer; nothing when the answer has another form.
    pub(crate) fn answer(&self, key: &str, pointer: &str) -> Option<&Value> {
        self.responses.get(key)?.pointer(pointer)
    }

    pub(crate) fn text(&self, key: &str, pointer: &str) -> Option<&str> {
        self.answer(key, pointer)?.as_str()
    }

    pub(crate) fn argument(&self, name: &str) -> &str {
        self.arguments
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// What a script wants next.
pub(crate) enum Step<T> {
    /// To ask all this, and to be called again with the answers and with what it wants to remember.
    Ask(Vec<Question>, Option<String>),
    Done(T),
}

/// Decides from what is known so far; called again from the start after every round of questions.
pub(crate) type Script<T> = fn(&Turn) -> Step<T>;

/// What came with a request beside its name.
pub(crate) struct Heard {
    pub(crate) arguments: Option<JsonObject>,
    pub(crate) responses: Option<InputResponses>,
    pub(crate) sealed_state: Option<String>,
}

/// Runs a script to its end (legacy) or to its next questions (modern).
pub(crate) async fn hold<T, R>(
    name: &str,
    script: Script<T>,
    heard: Heard,
    context: &RequestContext<RoleServer>,
) -> Result<R, ErrorData>
where
    R: From<T> + From<InputRequiredResult>,
{
    let turn = Turn {
        arguments: heard.arguments.unwrap_or_default(),
        capabilities: context.client_capabilities().unwrap_or_default(),
        responses: heard.responses.unwrap_or_default(),
        state: heard.sealed_state,
    };
    if era::is_modern(context) {
        one_round(name, script, turn)
    } else {
        all_rounds(script, turn, context).await.map(R::from)
    }
}

fn one_round<T, R>(name: &str, script: Script<T>, mut turn: Turn) -> Result<R, ErrorData>
where
    R: From<T> + From<InputRequiredResult>,
{
    let codec = RequestStateCodec::try_new(STATE_KEY).expect("the key is long enough");
    let bound_to_name = SealOptions::new().associated_data(name.as_bytes());
    if let Some(sealed) = turn.state.take() {
        let state = codec
            .open_with(&sealed, name.as_bytes())
            .map_err(|error| ErrorData::invalid_params(format!("requestState: {error}"), None))?;
        turn.state = String::from_utf8(state).ok();
    }
    match script(&turn) {
        Step::Done(result) => Ok(R::from(result)),
        Step::Ask(questions, state) => {
            check(&questions, &turn.capabilities)?;
            let requests = questions
                .iter()
                .map(|question| (question.key.to_owned(), question.in_result()))
                .collect();
            let sealed = state.map(|state| codec.seal_with(state.as_bytes(), &bound_to_name));
            Ok(InputRequiredResult::new(Some(requests), sealed).into())
        }
    }
}

async fn all_rounds<T>(
    script: Script<T>,
    mut turn: Turn,
    context: &RequestContext<RoleServer>,
) -> Result<T, ErrorData> {
    for _ in 0..MAX_ROUNDS {
        let (questions, state) = match script(&turn) {
            Step::Done(result) => return Ok(result),
            Step::Ask(questions, state) => (questions, state),
        };
        check(&questions, &turn.capabilities)?;
        for question in questions {
            let answer = question.put(&context.peer).await?;
            turn.responses.insert(question.key.to_owned(), answer);
        }
        turn.state = state;
    }
    Err(ErrorData::invalid_request(
        "the answers do not have the form that was asked for",
        None,
    ))
}

/// A server asks only what its client said that it can answer.
fn check(questions: &[Question], capabilities: &ClientCapabilities) -> Result<(), ErrorData> {
    questions
        .iter()
        .find(|question| !question.can_be_answered(capabilities))
        .map_or(Ok(()), |question| {
            Err(ErrorData::missing_required_client_capability(
                question.required(),
            ))
        })
}
