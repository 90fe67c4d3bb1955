//! What the fixture offers and what it always answers, as the conformance suite asks for it.

use rmcp::model::{
    CallToolResult, GetPromptResult, Prompt, Resource, ResourceContents, ResourceTemplate, Tool,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::HashMap, sync::LazyLock};

macro_rules! file {
    ($name:literal) => {
        LazyLock::new(|| parse($name, include_str!(concat!("catalogue/", $name))))
    };
}

pub(crate) static TOOLS: LazyLock<Vec<Tool>> = file!("tools.json");
pub(crate) static PROMPTS: LazyLock<Vec<Prompt>> = file!("prompts.json");
pub(crate) static RESOURCES: LazyLock<Vec<Resource>> = file!("resources.json");
pub(crate) static TEMPLATES: LazyLock<Vec<ResourceTemplate>> = file!("templates.json");

/// By the name of the tool.
pub(crate) static ANSWERS: LazyLock<HashMap<String, CallToolResult>> = file!("answers.json");
/// By the URI of the resource.
pub(crate) static CONTENTS: LazyLock<HashMap<String, ResourceContents>> = file!("contents.json");
/// By the name of the prompt.
pub(crate) static MESSAGES: LazyLock<HashMap<String, GetPromptResult>> = file!("messages.json");
/// Parameters of `elicitation/create`, by the name of the tool that asks.
pub(crate) static FORMS: LazyLock<HashMap<String, Value>> = file!("forms.json");

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("catalogue/{name}: {error}"))
}
