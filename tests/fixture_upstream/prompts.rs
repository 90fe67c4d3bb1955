//! `prompts/get` and the completion of its arguments.

use crate::{
    catalogue,
    conversation::{self, Heard, Step, Turn},
    question::Question,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, Reference,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

/// What `arg1` can be completed to.
const PLACES: &[&str] = &["paris", "park", "party"];

pub(crate) async fn get(
    request: GetPromptRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    if let Some(messages) = catalogue::MESSAGES.get(&request.name) {
        return Ok(messages.clone().into());
    }
    let script = match request.name.as_str() {
        "test_prompt_with_arguments" => with_arguments,
        "test_prompt_with_embedded_resource" => with_embedded_resource,
        "test_input_required_result_prompt" => asks_first,
        _ => return Err(ErrorData::invalid_params("unknown prompt", None)),
    };
    let heard = Heard {
        arguments: request.arguments,
        responses: request.input_responses,
        sealed_state: request.request_state,
    };
    conversation::hold(&request.name, script, heard, context).await
}

fn with_arguments(turn: &Turn) -> Step<GetPromptResult> {
    let (first, second) = (turn.argument("arg1"), turn.argument("arg2"));
    let said = format!("Prompt with arguments: arg1='{first}', arg2='{second}'");
    messages(&[text(&said)])
}

fn with_embedded_resource(turn: &Turn) -> Step<GetPromptResult> {
    let resource = json!({
        "uri": turn.argument("resourceUri"),
        "mimeType": "text/plain",
        "text": "Embedded resource content for testing.",
    });
    let resource = json!({ "type": "resource", "resource": resource });
    messages(&[
        resource,
        text("Please process the embedded resource above."),
    ])
}

fn asks_first(turn: &Turn) -> Step<GetPromptResult> {
    if let Some(context) = turn.text("user_context", "/content/context") {
        return messages(&[text(&format!("Use this context: {context}"))]);
    }
    let question = "What context should the prompt use?";
    let question = Question::value("user_context", question, "context", "string");
    Step::Ask(vec![question], None)
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn messages(contents: &[Value]) -> Step<GetPromptResult> {
    let messages: Vec<_> = contents
        .iter()
        .map(|content| json!({ "role": "user", "content": content }))
        .collect();
    let result = serde_json::from_value(json!({ "resultType": "complete", "messages": messages }));
    Step::Done(result.expect("messages of a prompt"))
}

pub(crate) fn complete(request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let known = match &request.r#ref {
        Reference::Prompt(prompt) => prompt.name == "test_prompt_with_arguments",
        Reference::Resource(resource) => resource.uri == "test://template/{id}/data",
        _ => false,
    };
    if !known {
        return Err(ErrorData::invalid_params("nothing to complete", None));
    }
    let values = PLACES
        .iter()
        .filter(|place| place.starts_with(&request.argument.value))
        .map(ToString::to_string)
        .collect();
    let completion = CompletionInfo::with_all_values(values)
        .map_err(|error| ErrorData::internal_error(error, None))?;
    Ok(CompleteResult::new(completion))
}
