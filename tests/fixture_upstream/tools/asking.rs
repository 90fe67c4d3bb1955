//! Tools that ask their client before they answer.

use super::text;
use crate::{
    catalogue,
    conversation::{Script, Step, Turn},
    question::Question,
};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

type Next = Step<CallToolResult>;

pub(super) fn script(tool: &str) -> Option<Script<CallToolResult>> {
    Some(match tool {
        "test_sampling" => sampling,
        "test_elicitation" => elicitation,
        "test_elicitation_sep1034_defaults" => defaults,
        "test_elicitation_sep1330_enums" => choices,
        "test_streaming_elicitation" | "test_input_required_result_elicitation" => name,
        "test_missing_capability" | "test_input_required_result_sampling" => capital,
        "test_input_required_result_list_roots" => roots,
        "test_input_required_result_request_state"
        | "test_input_required_result_tampered_state" => confirm,
        "test_input_required_result_multiple_inputs" => everybody,
        "test_input_required_result_multi_round" => two_rounds,
        "test_input_required_result_capabilities" => what_can_be_answered,
        _ => return None,
    })
}

fn done(said: impl Into<String>) -> Next {
    Step::Done(text(said))
}

fn ask(question: Question) -> Next {
    Step::Ask(vec![question], None)
}

fn ask_name() -> Question {
    Question::value("user_name", "What is your name?", "name", "string")
}

fn sampling(turn: &Turn) -> Next {
    match turn.text("answer", "/content/text") {
        Some(said) => done(format!("LLM response: {said}")),
        None => ask(Question::model("answer", turn.argument("prompt"), 100)),
    }
}

fn elicitation(turn: &Turn) -> Next {
    let properties = json!({
        "username": { "type": "string", "description": "User's response" },
        "email": { "type": "string", "description": "User's email address" },
    });
    let schema =
        json!({ "type": "object", "properties": properties, "required": ["username", "email"] });
    let form = json!({ "message": turn.argument("message"), "requestedSchema": schema });
    fill_in(turn, form, "User response: ")
}

fn defaults(turn: &Turn) -> Next {
    let form = catalogue::FORMS["test_elicitation_sep1034_defaults"].clone();
    fill_in(turn, form, "Elicitation completed: ")
}

fn choices(turn: &Turn) -> Next {
    let form = catalogue::FORMS["test_elicitation_sep1330_enums"].clone();
    fill_in(turn, form, "Elicitation completed: ")
}

/// Tells what the user did with a form, which may be nothing.
fn fill_in(turn: &Turn, form: Value, said: &str) -> Next {
    let Some(action) = turn.text("form", "/action") else {
        return ask(Question::form("form", form));
    };
    let content = turn
        .answer("form", "/content")
        .cloned()
        .unwrap_or(Value::Null);
    done(format!("{said}action={action}, content={content}"))
}

fn name(turn: &Turn) -> Next {
    match turn.text("user_name", "/content/name") {
        Some(name) => done(format!("Hello, {name}!")),
        None => ask(ask_name()),
    }
}

fn capital(turn: &Turn) -> Next {
    match turn.text("capital_question", "/content/text") {
        Some(said) => done(format!("The model says: {said}")),
        None => ask(Question::model(
            "capital_question",
            "What is the capital of France?",
            100,
        )),
    }
}

fn roots(turn: &Turn) -> Next {
    match turn.answer("client_roots", "/roots") {
        Some(roots) => done(format!("The roots are {roots}")),
        None => ask(Question::roots("client_roots")),
    }
}

fn confirm(turn: &Turn) -> Next {
    let confirmed = turn.answer("confirm", "/content/ok");
    if let (Some(ok), Some("asked")) = (confirmed, turn.state.as_deref()) {
        return done(format!("state-ok: {ok}"));
    }
    let question = Question::value("confirm", "Please confirm", "ok", "boolean");
    Step::Ask(vec![question], Some("asked".to_owned()))
}

fn everybody(turn: &Turn) -> Next {
    let name = turn.text("user_name", "/content/name");
    let greeting = turn.text("greeting", "/content/text");
    let roots = turn.answer("client_roots", "/roots");
    if let (Some(name), Some(greeting), Some(roots)) = (name, greeting, roots) {
        return done(format!("{greeting}, {name}! The roots are {roots}"));
    }
    let questions = vec![
        ask_name(),
        Question::model("greeting", "Generate a greeting", 50),
        Question::roots("client_roots"),
    ];
    Step::Ask(questions, Some("asked".to_owned()))
}

/// Remembers the first answer, which a modern client sends once.
fn two_rounds(turn: &Turn) -> Next {
    if let Some(name) = &turn.state
        && let Some(color) = turn.text("step2", "/content/color")
    {
        return done(format!("{name} likes {color}"));
    }
    if let Some(name) = turn.text("step1", "/content/name") {
        let question = "Step 2: What is your favorite color?";
        let question = Question::value("step2", question, "color", "string");
        return Step::Ask(vec![question], Some(name.to_owned()));
    }
    let question = Question::value("step1", "Step 1: What is your name?", "name", "string");
    Step::Ask(vec![question], Some(String::new()))
}

fn what_can_be_answered(turn: &Turn) -> Next {
    let mut questions = vec![
        ask_name(),
        Question::model("greeting", "Generate a greeting", 50),
        Question::roots("client_roots"),
    ];
    questions.retain(|question| question.can_be_answered(&turn.capabilities));
    let answered = |question: &Question| turn.answer(question.key, "").is_some();
    if questions.iter().all(answered) {
        done(format!("{} answers", questions.len()))
    } else {
        Step::Ask(questions, None)
    }
}
