//! The tools and what they answer.

use super::{
    answer::{Error, INVALID_PARAMS},
    arguments::{number, text},
    slow::{self, Progress},
};
use chrono::SecondsFormat;
use ostia_domain::clock;
use serde_json::{Number, Value, json};

/// The tools as `tools/list` shows them.
pub(crate) fn definitions() -> Value {
    json!([
        {
            "name": "echo",
            "title": "Echo",
            "description": "Answers with the message it was given.",
            "inputSchema": object(&json!({
                "message": { "type": "string", "description": "What to say back" },
            })),
            "annotations": harmless("Echo", true),
        },
        {
            "name": "add",
            "title": "Add",
            "description": "Adds two numbers.",
            "inputSchema": object(&json!({
                "a": { "type": "number" },
                "b": { "type": "number" },
            })),
            "outputSchema": object(&json!({ "sum": { "type": "number" } })),
            "annotations": harmless("Add", true),
        },
        {
            "name": "now",
            "title": "Now",
            "description": "Tells the current time in UTC.",
            "inputSchema": { "type": "object", "additionalProperties": false },
            "annotations": harmless("Now", false),
        },
        {
            "name": "slow",
            "title": "Slow",
            "description": "Takes its time and reports progress, to try time limits and cancelling.",
            "inputSchema": object(&json!({
                "seconds": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": slow::MAX_SECONDS,
                    "description": "How long to take",
                },
            })),
            "annotations": harmless("Slow", true),
        },
    ])
}

/// A schema of an object whose members are all required.
fn object(properties: &Value) -> Value {
    let required: Vec<_> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn harmless(title: &str, idempotent: bool) -> Value {
    json!({
        "title": title,
        "readOnlyHint": true,
        "destructiveHint": false,
        "idempotentHint": idempotent,
        "openWorldHint": false,
    })
}

/// Runs one call. The error is for the client's programmer; what a model did wrong is in the result.
pub(crate) async fn call(params: &Value, progress: Progress) -> Result<Value, Error> {
    let name = params["name"]
        .as_str()
        .ok_or_else(|| Error::new(INVALID_PARAMS, "params.name must be a string"))?;
    let arguments = &params["arguments"];
    if !arguments.is_null() && !arguments.is_object() {
        return Err(Error::new(
            INVALID_PARAMS,
            "params.arguments must be an object",
        ));
    }
    let outcome = match name {
        "echo" => text(arguments, "message").map(said),
        "add" => add(arguments),
        "now" => Ok(said(
            &clock::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        )),
        "slow" => slow::run(arguments, progress).await.map(|text| said(&text)),
        _ => return Err(Error::new(INVALID_PARAMS, format!("Unknown tool: {name}"))),
    };
    Ok(outcome.unwrap_or_else(|problem| {
        let mut result = said(&problem);
        result["isError"] = true.into();
        result
    }))
}

fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn add(arguments: &Value) -> Result<Value, String> {
    let sum = sum(number(arguments, "a")?, number(arguments, "b")?)?;
    let mut result = said(&sum.to_string());
    result["structuredContent"] = json!({ "sum": sum });
    Ok(result)
}

/// Whole numbers stay whole for as long as they fit.
fn sum(a: &Number, b: &Number) -> Result<Number, String> {
    let whole = a
        .as_i64()
        .zip(b.as_i64())
        .and_then(|(a, b)| a.checked_add(b));
    if let Some(sum) = whole {
        return Ok(sum.into());
    }
    a.as_f64()
        .zip(b.as_f64())
        .and_then(|(a, b)| Number::from_f64(a + b))
        .ok_or_else(|| "the sum is too large for a number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn called(name: &str, arguments: Value) -> Result<Value, Error> {
        let params = json!({ "name": name, "arguments": arguments });
        call(&params, Progress::unheard()).await
    }

    #[tokio::test]
    async fn whole_numbers_add_up_to_whole_numbers() {
        let result = called("add", json!({ "a": 2, "b": 3 })).await.unwrap();
        assert_eq!(result["structuredContent"].to_string(), r#"{"sum":5}"#);
        let result = called("add", json!({ "a": 0.5, "b": 3 })).await.unwrap();
        assert_eq!(result["structuredContent"]["sum"], 3.5);
        let result = called("add", json!({ "a": i64::MAX, "b": 1 }))
            .await
            .unwrap();
        assert_eq!(
            result["structuredContent"]["sum"],
            9_223_372_036_854_775_808_f64
        );
    }

    #[tokio::test]
    async fn a_wrong_argument_is_told_to_the_model() {
        let result = called("echo", json!({ "message": 7 })).await.unwrap();
        assert_eq!(result["isError"], true);
        assert_eq!(
            result["content"][0]["text"],
            "argument \"message\" must be a string, not 7"
        );
    }

    #[tokio::test]
    async fn an_unknown_tool_is_told_to_the_program() {
        let error = called("rm", json!({})).await.unwrap_err();
        assert_eq!(error.code, INVALID_PARAMS);
    }
}
