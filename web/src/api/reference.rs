//! `/api/docs`: the document for people, as a page without scripts.

use crate::{pages::Layout, render};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use serde_json::Value;
use utoipa::openapi::OpenApi;

struct Operation {
    anchor: String,
    heading: String,
    summary: String,
    parameters: Vec<String>,
    body: String,
    answers: Vec<String>,
}

struct Schema {
    name: String,
    text: String,
}

pub(super) fn show(document: &OpenApi) -> Response {
    let document = serde_json::to_value(document).unwrap_or_default();
    let operations = operations(&document);
    let schemas = schemas(&document);
    render::page(StatusCode::OK, || view! { <Reference operations schemas/> })
}

#[component]
fn Reference(operations: Vec<Operation>, schemas: Vec<Schema>) -> impl IntoView {
    let contents = operations.iter().map(|operation| {
        let target = format!("#{}", operation.anchor);
        view! { <li><a href=target><code>{operation.heading.clone()}</code></a></li> }
    });
    let contents: Vec<_> = contents.collect();
    let operations = operations.into_iter().map(|operation| {
        let lines = operation.parameters.into_iter().chain(operation.answers);
        let lines: Vec<_> = lines.map(|line| view! { <li>{line}</li> }).collect();
        view! {
            <h3 id=operation.anchor><code>{operation.heading}</code></h3>
            <p>{operation.summary}</p>
            <p>{operation.body}</p>
            <ul>{lines}</ul>
        }
    });
    let operations: Vec<_> = operations.collect();
    let schemas = schemas.into_iter().map(|schema| {
        view! {
            <h3 id=format!("schema-{}", schema.name)>{schema.name.clone()}</h3>
            <pre><code>{schema.text}</code></pre>
        }
    });
    let schemas: Vec<_> = schemas.collect();
    view! {
        <Layout title="REST API">
            <p>
                "The same for programs: " <a href="/api/openapi.json">"/api/openapi.json"</a>
                " (OpenAPI 3.1). Send an API key as " <code>"Authorization: Bearer ost_…"</code> "."
            </p>
            <h2>"Operations"</h2>
            <ul>{contents}</ul>
            {operations}
            <h2>"Schemas"</h2>
            {schemas}
        </Layout>
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| Operation {
            anchor: text(&operation["operationId"]),
            heading: format!("{} {path}", method.to_uppercase()),
            summary: text(&operation["summary"]),
            parameters: parameters(operation),
            body: body(operation),
            answers: answers(operation),
        })
    });
    operations.collect()
}

fn parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let lines = parameters.map(|parameter| {
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        format!("{name} ({place}): {}", text(&parameter["description"]))
    });
    lines.collect()
}

fn body(operation: &Value) -> String {
    match schema_name(&operation["requestBody"]["content"]["application/json"]["schema"]) {
        Some(name) => format!("Body: {name}"),
        None => String::new(),
    }
}

fn answers(operation: &Value) -> Vec<String> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let lines = answers.map(|(status, answer)| {
        let schema = &answer["content"]["application/json"]["schema"];
        let schema = schema_name(schema).unwrap_or_default();
        let told = [text(&answer["description"]), schema].join(" ");
        format!("{status}: {}", told.trim())
    });
    lines.collect()
}

fn schemas(document: &Value) -> Vec<Schema> {
    let schemas = document["components"]["schemas"].as_object();
    let schemas = schemas.into_iter().flatten().map(|(name, schema)| Schema {
        name: name.clone(),
        text: serde_json::to_string_pretty(schema).unwrap_or_default(),
    });
    schemas.collect()
}

fn schema_name(schema: &Value) -> Option<String> {
    let (_, name) = schema["$ref"].as_str()?.rsplit_once('/')?;
    Some(name.to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
