//! Tools that go on after their call was answered: the extension for tasks of the modern era.

use super::text;
use crate::{
    conversation::{self, Heard, Step, Turn},
    era,
    question::Question,
    server::Fixture,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock,
        CreateTaskResult, InputRequiredResult, JsonObject,
    },
    service::RequestContext,
    task_manager::{TaskContext, TaskExit, TaskFuture, TaskOptions},
};
use serde_json::Value;
use std::time::Duration;

/// How often a client is told to look.
const POLL_MS: u64 = 100;
/// In seconds: the longest work, and the longest that a client without tasks is kept waiting.
const LONGEST: f64 = 600.0;
const PATIENCE: f64 = 0.2;

type Done = Result<CallToolResult, TaskExit>;

/// What a client without tasks gets.
enum Otherwise {
    /// The answer, once it is there.
    Wait,
    /// A refusal that says what it lacks.
    Refuse,
}

/// Answers a tool of this file; unset for any other.
pub(super) async fn call(
    fixture: &Fixture,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let arguments = request.arguments.clone().unwrap_or_default();
    let (otherwise, work): (_, fn(TaskContext, JsonObject) -> TaskFuture) =
        match request.name.as_ref() {
            "greet" => return Some(Ok(greeting(&arguments).into())),
            "test_tool_with_task" => return Some(named(fixture, request, context).await),
            "slow_compute" => (Otherwise::Wait, |task, arguments| {
                Box::pin(compute(task, arguments))
            }),
            "failing_job" => (Otherwise::Refuse, |_, _| Box::pin(fail())),
            "protocol_error_job" => (Otherwise::Refuse, |_, _| Box::pin(async { break_off() })),
            "confirm_delete" => (Otherwise::Refuse, |task, arguments| {
                Box::pin(confirm(task, arguments))
            }),
            "multi_input" => (Otherwise::Refuse, |task, _| Box::pin(two_answers(task))),
            _ => return None,
        };
    Some(if takes_tasks(context) {
        Ok(begin(fixture, |task| work(task, arguments)))
    } else {
        match otherwise {
            Otherwise::Wait => Ok(computed(sleep(&arguments, PATIENCE).await).into()),
            Otherwise::Refuse => Err(needs_tasks()),
        }
    })
}

fn takes_tasks(context: &RequestContext<RoleServer>) -> bool {
    let declared = context.client_capabilities();
    era::is_modern(context) && declared.is_some_and(|declared| declared.supports_tasks())
}

fn needs_tasks() -> ErrorData {
    let needed = ClientCapabilities::builder().enable_tasks().build();
    ErrorData::missing_required_client_capability(needed)
}

fn begin(fixture: &Fixture, work: impl FnOnce(TaskContext) -> TaskFuture) -> CallToolResponse {
    let options = TaskOptions::new().with_poll_interval_ms(POLL_MS);
    CallToolResponse::Task(CreateTaskResult::new(fixture.tasks.spawn(options, work)))
}

fn greeting(arguments: &JsonObject) -> CallToolResult {
    let name = arguments.get("name").and_then(Value::as_str);
    text(format!("Hello, {}!", name.unwrap_or("nobody")))
}

async fn sleep(arguments: &JsonObject, most: f64) -> f64 {
    let seconds = arguments.get("seconds").and_then(Value::as_f64);
    let seconds = seconds.unwrap_or_default().clamp(0.0, most);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    seconds
}

fn computed(seconds: f64) -> CallToolResult {
    text(format!("Computed for {seconds} s"))
}

async fn compute(task: TaskContext, arguments: JsonObject) -> Done {
    tokio::select! {
        seconds = sleep(&arguments, LONGEST) => Ok(computed(seconds)),
        () = task.cancelled() => Err(TaskExit::Cancelled),
    }
}

async fn fail() -> Done {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(CallToolResult::error(vec![ContentBlock::text(
        "The job failed",
    )]))
}

fn break_off() -> Done {
    let broken = ErrorData::internal_error("the job broke off", None);
    Err(TaskExit::Error(broken))
}

async fn confirm(task: TaskContext, arguments: JsonObject) -> Done {
    let file = arguments.get("filename").and_then(Value::as_str);
    let file = file.unwrap_or("nothing").to_owned();
    let question = Question::value("confirm", "Delete the file?", "confirm", "boolean");
    let answer = task.request_input("confirm", question.in_result()).await?;
    let confirmed = answer.pointer("/content/confirm") == Some(&Value::Bool(true));
    Ok(text(if confirmed {
        format!("Deleted {file}")
    } else {
        format!("Kept {file}")
    }))
}

async fn two_answers(task: TaskContext) -> Done {
    let ask = |key: &'static str| {
        let question = Question::value(key, "What is your name?", "name", "string");
        task.request_input(key, question.in_result())
    };
    let (first, second) = tokio::try_join!(ask("first"), ask("second"))?;
    let name = |answer: &Value| answer.pointer("/content/name").cloned();
    Ok(text(format!("{:?} and {:?}", name(&first), name(&second))))
}

/// Asks for a name before there is a task, and needs it after.
async fn named(
    fixture: &Fixture,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    enum Next {
        Begin(String),
        Ask(InputRequiredResult),
    }
    impl From<String> for Next {
        fn from(name: String) -> Self {
            Self::Begin(name)
        }
    }
    impl From<InputRequiredResult> for Next {
        fn from(asked: InputRequiredResult) -> Self {
            Self::Ask(asked)
        }
    }
    fn script(turn: &Turn) -> Step<String> {
        if let Some(name) = turn.text("user_name", "/content/name") {
            return Step::Done(name.to_owned());
        }
        let question = Question::value("user_name", "What is your name?", "name", "string");
        Step::Ask(vec![question], Some("asked".to_owned()))
    }
    if !takes_tasks(context) {
        return Err(needs_tasks());
    }
    let heard = Heard {
        arguments: request.arguments.clone(),
        responses: request.input_responses.clone(),
        sealed_state: request.request_state.clone(),
    };
    match conversation::hold(&request.name, script, heard, context).await? {
        Next::Ask(asked) => Ok(asked.into()),
        Next::Begin(name) => Ok(begin(fixture, |_| {
            Box::pin(async move { Ok(text(format!("Done for {name}"))) })
        })),
    }
}
