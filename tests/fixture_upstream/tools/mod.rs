//! `tools/call`.

mod asking;
mod tasks;
mod telling;

use crate::{
    catalogue,
    conversation::{self, Heard, Script},
    listeners::Change,
    server::Fixture,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock},
    service::RequestContext,
};

pub(crate) async fn call(
    fixture: &Fixture,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(answer) = catalogue::ANSWERS.get(request.name.as_ref()) {
        return Ok(answer.clone().into());
    }
    if let Some(script) = asking::script(&request.name) {
        return ask(script, request, context).await;
    }
    if let Some(answer) = tasks::call(fixture, &request, context).await {
        return answer;
    }
    let said = match request.name.as_ref() {
        "test_tool_with_logging" => telling::three_logs(fixture, context).await,
        "test_logging_tool" => telling::one_log(fixture, context).await,
        "test_tool_with_progress" => telling::progress(context).await,
        "test_reconnection" => telling::late().await,
        "test_trigger_tool_change" => changed(fixture, Change::Tools).await,
        "test_trigger_prompt_change" => changed(fixture, Change::Prompts).await,
        "test_custom_header" | "json_schema_2020_12_tool" => {
            let arguments = serde_json::to_string(&request.arguments.unwrap_or_default());
            format!("Called with {}", arguments.expect("arguments are JSON"))
        }
        name => {
            let problem = format!("unknown tool {name}");
            return Err(ErrorData::invalid_params(problem, None));
        }
    };
    Ok(text(said).into())
}

async fn ask(
    script: Script<CallToolResult>,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let heard = Heard {
        arguments: request.arguments,
        responses: request.input_responses,
        sealed_state: request.request_state,
    };
    conversation::hold(&request.name, script, heard, context).await
}

async fn changed(fixture: &Fixture, change: Change) -> String {
    fixture.listeners.tell(change).await;
    "Everybody who listens was told".to_owned()
}

fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
