//! The `OpenAPI` document, and the page that shows it.

use super::{Api, send};
use crate::harness::http;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const OPEN: &[&str] = &["/v1/leaked-keys"];

/// Method, path and what the document says of it.
pub(super) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods");
        methods.iter().map(move |(method, operation)| {
            (method.to_uppercase(), path.clone(), operation.clone())
        })
    });
    operations.collect()
}

pub(super) async fn document(api: &Api) -> Value {
    let url = format!("{}/api/openapi.json", api.ostia.web_url);
    send(http::client().get(url)).await.ok(200)
}

#[tokio::test]
async fn the_document_says_what_every_operation_is() {
    let api = Api::start().await;
    let document = document(&api).await;
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert!(operations.len() > 60, "{}", operations.len());
    let mut names = BTreeSet::new();
    for (method, path, operation) in &operations {
        let name = operation["operationId"].as_str().expect("a name");
        assert!(names.insert(name.to_owned()), "{name} twice");
        for member in ["summary", "tags", "responses", "security"] {
            assert!(!operation[member].is_null(), "{method} {path}: {member}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        for (status, response) in responses {
            let told = response["description"].as_str().unwrap_or_default();
            assert!(!told.is_empty(), "{method} {path} {status}");
            let problem = &response["content"]["application/problem+json"];
            assert_eq!(problem.is_object(), status.as_str() >= "400");
        }
        let is_open = operation["security"] == serde_json::json!([]);
        assert_eq!(is_open, OPEN.contains(&path.as_str()), "{method} {path}");
    }
}

/// Whatever a schema refers to is there.
#[tokio::test]
async fn nothing_in_the_document_leads_nowhere() {
    let api = Api::start().await;
    let document = document(&api).await;
    let text = document.to_string();
    let mut targets = BTreeSet::new();
    for part in text.split("\"$ref\":\"#").skip(1) {
        targets.insert(part.split('"').next().expect("a target"));
    }
    assert!(targets.len() > 30, "{targets:?}");
    for target in targets {
        assert!(document.pointer(target).is_some(), "{target}");
    }
}

#[tokio::test]
async fn people_read_it_without_scripts() {
    let api = Api::start().await;
    let url = format!("{}/api/docs", api.ostia.web_url);
    let page = http::client().get(url).send().await.expect("a page");
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str();
    assert!(policy.expect("ASCII").contains("default-src 'none'"));
    let page = page.text().await.expect("a page");
    for (method, path, _) in operations(&document(&api).await) {
        assert!(
            page.contains(&format!("{method} {path}")),
            "{method} {path}"
        );
    }
    // What an operation names can be read further down.
    let targets = page.split("href=\"#").skip(1);
    let targets: BTreeSet<_> = targets.map(|rest| rest.split('"').next()).collect();
    assert!(targets.contains(&Some("schema-Problem")), "{targets:?}");
    for target in targets.into_iter().flatten() {
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    // What it says is all in the page; the one script is the dashboard's own, for comfort.
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("<script src=\"/assets/"));
}
