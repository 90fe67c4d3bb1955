//! Arguments of a call. What does not fit is an error the model can read and mend, not a JSON-RPC one.

use serde_json::{Number, Value};

pub(crate) fn text<'a>(arguments: &'a Value, name: &str) -> Result<&'a str, String> {
    arguments[name]
        .as_str()
        .ok_or_else(|| problem(arguments, name, "a string"))
}

pub(crate) fn number<'a>(arguments: &'a Value, name: &str) -> Result<&'a Number, String> {
    match &arguments[name] {
        Value::Number(number) => Ok(number),
        _ => Err(problem(arguments, name, "a number")),
    }
}

fn problem(arguments: &Value, name: &str, wanted: &str) -> String {
    match arguments.get(name) {
        None => format!("argument {name:?} is missing; it must be {wanted}"),
        Some(value) => format!("argument {name:?} must be {wanted}, not {value}"),
    }
}
