//! The `OpenAPI` document, and the page that shows it.

use super::{Api, send};
use crate::harness::{environment, http};
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

/// What takes the place of something elsewhere is there, by the methods that are said.
#[tokio::test]
async fn the_migration_guide_names_what_there_is() {
    let api = Api::start().await;
    let operations = operations(&document(&api).await);
    let guide = environment::repository().join("docs/migration.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let rows = guide.lines().filter_map(|line| line.split('|').nth(2));
    let mut named = 0;
    for span in rows.flat_map(|row| row.split('`').skip(1).step_by(2)) {
        // A method, or several, before a path; or a path alone.
        let (methods, path) = span.rsplit_once(' ').unwrap_or(("", span));
        if !path.starts_with("/api/v1/") && !path.starts_with("/v1/") {
            continue;
        }
        let there = operations.iter().filter(|(_, there, _)| there == path);
        let there: Vec<_> = there.map(|(method, ..)| method.as_str()).collect();
        assert!(!there.is_empty(), "there is no {path}");
        assert!(
            methods.is_empty() || there.contains(&methods),
            "{span}: {there:?}"
        );
        named += 1;
    }
    assert!(named > 50, "{named}");
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
    let url = format!("{}/api/reference", api.ostia.web_url);
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
    assert!(page.contains("href=\"/api/docs\""));
    // What it says is all in the page; the one script is the dashboard's own, for comfort.
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("<script src=\"/assets/"));
}

/// All of it is ours: nothing is asked of anybody else, and nothing in the page is run or styled by itself.
#[tokio::test]
async fn people_try_it_with_files_of_the_program() {
    let api = Api::start().await;
    let open = async |path: &str| {
        let url = format!("{}{path}", api.ostia.web_url);
        http::client().get(url).send().await.expect("an answer")
    };
    let page = open("/api/docs").await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str();
    assert_eq!(
        policy.expect("ASCII"),
        "default-src 'none'; connect-src 'self'; img-src data:; style-src 'self'; script-src 'self'; \
         form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    let page = page.text().await.expect("a page");
    assert!(page.contains("href=\"/api/reference\""));
    assert!(!page.contains("//"), "an address elsewhere: {page}");
    assert!(!page.contains("<style") && !page.contains("style=\""));
    let files = |start: &str| -> Vec<String> {
        let files = page.split(start).skip(1);
        let files = files.map(|rest| rest.split('"').next().expect("an address").to_owned());
        files.collect()
    };
    let scripts = files("<script src=\"");
    let sheets = files("<link rel=\"stylesheet\" href=\"");
    assert_eq!(page.matches("<script").count(), scripts.len());
    assert_eq!((scripts.len(), sheets.len()), (2, 2));
    for (file, kind) in scripts
        .iter()
        .map(|file| (file, "text/javascript"))
        .chain(sheets.iter().map(|file| (file, "text/css")))
    {
        assert!(file.starts_with("/assets/"), "{file}");
        let answer = open(file).await;
        assert_eq!(answer.status(), 200, "{file}");
        let header = |name: &str| answer.headers()[name].to_str().expect("ASCII");
        assert!(header("content-type").starts_with(kind), "{file}");
        assert!(header("cache-control").contains("immutable"), "{file}");
    }
}
