//! A form out of the schema of a tool's input, and arguments out of the form.
//!
//! What a form has a field for gets one; everything else is written as JSON. The schema comes from an
//! upstream, so nothing in it is believed to be of any shape.

use crate::components::form::Posted;
use serde_json::{Map, Value};

/// Of names of fields, so that an argument cannot be called as a field of ours.
const PREFIX: &str = "arg:";
/// All arguments as JSON, instead of the fields.
pub(super) const RAW: &str = "raw";
/// Of one schema; what is beyond is written as JSON.
const MAX_FIELDS: usize = 40;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) description: String,
    /// What the field has in it.
    pub(super) value: String,
    pub(super) problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    /// One of these, each as it is shown and as it is.
    OneOf(Vec<(String, Value)>),
    Json,
}

impl Argument {
    pub(super) fn field(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }
}

pub(super) fn of(schema: &Value) -> Vec<Argument> {
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let required: Vec<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let of = properties
        .iter()
        .take(MAX_FIELDS)
        .map(|(name, property)| Argument {
            name: name.clone(),
            kind: kind(property),
            required: required
                .iter()
                .any(|required| required.as_str() == Some(name)),
            description: property["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            value: property.get("default").map(shown).unwrap_or_default(),
            problem: None,
        });
    of.collect()
}

fn kind(property: &Value) -> Kind {
    if let Some(choices) = property["enum"].as_array() {
        let choices = choices.iter().map(|choice| (shown(choice), choice.clone()));
        return Kind::OneOf(choices.collect());
    }
    match property["type"].as_str() {
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        _ => Kind::Json,
    }
}

/// A text as itself, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the form says. What cannot be is told beside its field.
pub(super) fn read(arguments: &mut [Argument], posted: &mut Posted) -> Map<String, Value> {
    let raw = posted.get(RAW).to_owned();
    let mut given = Map::new();
    for argument in arguments {
        posted
            .raw(&argument.field())
            .clone_into(&mut argument.value);
        if !raw.is_empty() {
            continue;
        }
        match argument.read() {
            Ok(Some(value)) => {
                given.insert(argument.name.clone(), value);
            }
            Ok(None) => {}
            Err(problem) => argument.problem = Some(problem.to_owned()),
        }
    }
    if raw.is_empty() {
        return given;
    }
    match serde_json::from_str(&raw) {
        Ok(Value::Object(given)) => given,
        Ok(_) => {
            posted.refuse(RAW, "is JSON, and no object");
            Map::new()
        }
        Err(error) => {
            posted.refuse(RAW, format!("is no JSON: {error}"));
            Map::new()
        }
    }
}

impl Argument {
    /// `None`: it is left out. Whether it may be is the upstream's to say.
    fn read(&self) -> Result<Option<Value>, &'static str> {
        let text = &self.value;
        if text.is_empty() {
            return Ok(None);
        }
        let value = match &self.kind {
            Kind::Text => Ok(Value::from(text.clone())),
            // Numbers keep their digits: what JSON calls a number is one.
            Kind::Integer | Kind::Number => serde_json::from_str(text.trim())
                .ok()
                .filter(Value::is_number)
                .ok_or("is not a number"),
            Kind::Boolean => match &**text {
                "true" => Ok(Value::from(true)),
                "false" => Ok(Value::from(false)),
                _ => Err("is neither true nor false"),
            },
            Kind::OneOf(choices) => choices
                .iter()
                .find(|(shown, _)| shown == text)
                .map(|(_, choice)| choice.clone())
                .ok_or("is none of the choices"),
            Kind::Json => serde_json::from_str(text).map_err(|_| "is not JSON"),
        };
        value.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["path", 7],
            "properties": {
                "path": {"type": "string", "description": "Where"},
                "depth": {"type": "integer", "default": 3},
                "deep": {"type": "boolean"},
                "order": {"enum": ["up", "down", 1]},
                "filter": {"type": ["object", "null"]},
            },
        })
    }

    fn posted(fields: &[(&str, &str)]) -> Posted {
        let fields = fields.iter();
        let owned = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Posted::new(owned.collect())
    }

    #[test]
    fn arguments_have_the_types_of_the_schema() {
        let mut arguments = of(&schema());
        let mut form = posted(&[
            ("arg:path", " a b "),
            ("arg:depth", "4"),
            ("arg:deep", "false"),
            ("arg:order", "1"),
            ("arg:filter", "{\"x\": [1]}"),
        ]);
        let given = read(&mut arguments, &mut form);
        let expected = json!({
            "path": " a b ", "depth": 4, "deep": false, "order": 1, "filter": {"x": [1]},
        });
        assert_eq!(Value::Object(given), expected);
        assert!(arguments.iter().all(|argument| argument.problem.is_none()));
    }

    #[test]
    fn what_is_empty_is_left_out_and_what_cannot_be_is_told() {
        let mut arguments = of(&schema());
        let mut form = posted(&[("arg:depth", "many"), ("arg:filter", "{")]);
        let given = read(&mut arguments, &mut form);
        assert!(given.is_empty());
        let told = arguments
            .iter()
            .filter(|argument| argument.problem.is_some());
        let told: Vec<_> = told.map(|argument| &*argument.name).collect();
        assert_eq!(told, ["depth", "filter"]);
    }

    #[test]
    fn json_takes_the_place_of_the_fields() {
        let mut arguments = of(&schema());
        let mut form = posted(&[("arg:depth", "many"), ("raw", "{\"any\": null}")]);
        assert_eq!(
            Value::Object(read(&mut arguments, &mut form)),
            json!({"any": null})
        );
        assert!(arguments.iter().all(|argument| argument.problem.is_none()));
        let mut list = posted(&[("raw", "[]")]);
        read(&mut arguments, &mut list);
        assert!(list.is_refused());
    }

    #[test]
    fn a_schema_of_any_shape_gives_a_form() {
        for schema in [
            json!(null),
            json!({"properties": []}),
            json!({"properties": {"a": 1}}),
        ] {
            let arguments = of(&schema);
            assert!(arguments.iter().all(|argument| argument.kind == Kind::Json));
        }
    }
}
