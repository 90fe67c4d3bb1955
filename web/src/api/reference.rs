//! `/api/reference`: the document to read, as a page without scripts. [`super::explorer`] has the same to try.

use super::explorer::EXPLORER;
use crate::{pages::Layout, render};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use serde_json::Value;
use utoipa::openapi::OpenApi;

pub(super) const REFERENCE: &str = "/api/reference";

struct Operation {
    anchor: String,
    heading: String,
    summary: String,
    parameters: Vec<String>,
    body: Option<String>,
    answers: Vec<Said>,
}

/// What is answered, and the name of its schema.
struct Said {
    when: String,
    schema: Option<String>,
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
        let parameters = operation.parameters.into_iter();
        let parameters: Vec<_> = parameters.map(|line| view! { <li>{line}</li> }).collect();
        let body = operation.body.map(|schema| {
            view! { <li>"Body: " <Named schema/></li> }
        });
        let answers = operation.answers.into_iter().map(|said| {
            let schema = said.schema.map(|schema| view! { " " <Named schema/> });
            view! { <li>{said.when} {schema}</li> }
        });
        let answers: Vec<_> = answers.collect();
        view! {
            <h3 id=operation.anchor><code>{operation.heading}</code></h3>
            <p>{operation.summary}</p>
            <ul>{parameters} {body} {answers}</ul>
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
                " (OpenAPI 3.1); to try it, with scripts: " <a href=EXPLORER>{EXPLORER}</a> ". Send an API key as " <code>"Authorization: Bearer ost_…"</code> "."
            </p>
            <h2>"Operations"</h2>
            <ul>{contents}</ul>
            {operations}
            <h2>"Schemas"</h2>
            {schemas}
        </Layout>
    }
}

/// A schema further down.
#[component]
fn Named(schema: String) -> impl IntoView {
    let target = format!("#schema-{schema}");
    view! { <a href=target><code>{schema}</code></a> }
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

fn body(operation: &Value) -> Option<String> {
    schema_name(&operation["requestBody"]["content"]["application/json"]["schema"])
}

fn answers(operation: &Value) -> Vec<Said> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let lines = answers.map(|(status, answer)| {
        let content = answer["content"].as_object().into_iter().flatten();
        let mut schemas = content.filter_map(|(_, content)| schema_name(&content["schema"]));
        Said {
            when: format!("{status}: {}", text(&answer["description"])),
            schema: schemas.next(),
        }
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
