//! Who may do what over REST: every operation of the document and every role, as a table that a review reads.

mod objects;

use super::{
    Api,
    document::{OPEN, document, operations},
    everything, send, service,
};
use crate::harness::{environment, http};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The table; what is not in a row may not.
const TABLE: &str = "tests/it/web/api/authority.txt";
const ROLES: [&str; 4] = ["member", "operator", "administrator", "auditor"];

/// Somebody with a key, and things of their own that they may lose.
struct Somebody {
    name: &'static str,
    key: String,
    own_key: String,
}

/// What each of them finds: a change by one must not hide that another may not make it.
async fn prepare(api: &Api) -> Vec<Somebody> {
    let mut everybody = Vec::new();
    for role in ROLES {
        let key = service(&api.ostia, role, role).await;
        everybody.push((role, role, key));
    }
    // Of an administrator, who may do everything when signed in.
    everybody.push(("person", "admin", api.ostia.key.clone()));
    let mut prepared = Vec::new();
    for (name, owner, key) in everybody {
        let spare = format!("spare-{name}");
        let policy = ["--policy", "read-only"];
        let create = [&["keys", "create", &spare, "--owner", owner][..], &policy].concat();
        let made = api.ostia.cli(&create).await.ok().json();
        let victim = format!("victim-{name}");
        for (path, body) in [
            (
                "/api/v1/keys",
                json!({"name": victim, "owner": "admin", "policies": ["read-only"]}),
            ),
            (
                "/api/v1/upstreams",
                json!({"name": victim, "transport": "http", "url": "https://192.0.2.1/mcp"}),
            ),
            ("/api/v1/users", json!({"name": victim})),
            ("/api/v1/groups", json!({"name": victim})),
            ("/api/v1/plans", json!({"name": victim})),
            ("/api/v1/bundles", json!({"name": victim})),
            (
                "/api/v1/policies",
                json!({"name": victim, "rules": everything()}),
            ),
        ] {
            api.post(path, body).await.ok(201);
        }
        prepared.push(Somebody {
            name,
            key,
            own_key: made["key"]["id"].as_str().expect("an id").to_owned(),
        });
    }
    prepared
}

async fn victim_key(api: &Api, name: &str) -> String {
    let keys = api.get("/api/v1/keys?owner=admin").await.ok(200);
    let keys = keys["items"].as_array().expect("keys").clone();
    let found = keys
        .iter()
        .find(|key| key["name"] == format!("victim-{name}"));
    found.map_or("gone".to_owned(), |key| {
        key["id"].as_str().expect("an id").to_owned()
    })
}

/// A body that control would take, so that nothing but the role is in the way.
fn body(operation: &Value, name: &str) -> Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let Some(schema) = schema["$ref"].as_str() else {
        return Value::Null;
    };
    let name = format!("new-{name}");
    match schema.rsplit('/').next().expect("a name") {
        "NewKey" => json!({"name": name, "owner": "admin", "policies": ["read-only"]}),
        "NewUpstream" => json!({"name": name, "transport": "http", "url": "https://192.0.2.1/"}),
        "NewPolicy" => json!({"name": name, "preset": "read-only"}),
        "NewUser" | "NewGroup" | "NewPlan" | "NewBundle" => json!({"name": name}),
        "NewPrice" => json!({"tools": name, "micros": 1, "currency": "EUR"}),
        "PolicyRules" => json!({"rules": everything()}),
        "Restore" => json!({"version": 1}),
        "Rotation" => json!({"overlap_seconds": 0}),
        "Selection" => json!({"include": []}),
        "Question" => json!({"key": "x", "tool": "demo.echo"}),
        "LeakedKey" => json!({"key": "x"}),
        "ToolCall" | "KeyChange" | "UserChange" | "GroupChange" | "UpstreamChange" | "Limits" => {
            json!({})
        }
        other => panic!("{other} is new: say here what a good one is"),
    }
}

async fn may(api: &Api, who: &Somebody, method: &str, path: &str, operation: &Value) -> bool {
    let key = if path.starts_with("/v1/") {
        who.own_key.clone()
    } else {
        victim_key(api, who.name).await
    };
    let victim = format!("victim-{}", who.name);
    let target = path
        .replace("{key}", &key)
        .replace("{tool}", "echo")
        .replace("{version}", "1")
        .replace("{price}", &format!("new-{}", who.name));
    let target: Vec<_> = target
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                victim.as_str()
            } else {
                segment
            }
        })
        .collect();
    let method: Method = method.parse().expect("a method");
    let body = match body(operation, who.name) {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let request = api.with_key(method, &target.join("/"), &who.key).body(body);
    let answer = send(request).await;
    assert!(
        !matches!(answer.status, 400 | 401 | 422 | 500..=599),
        "{} {path}: {:#}",
        who.name,
        answer.body
    );
    answer.status != 403
}

/// What removes comes last, so that it hides nothing.
fn in_order(mut operations: Vec<(String, String, Value)>) -> Vec<(String, String, Value)> {
    operations.sort_by_key(|(method, path, _)| {
        let ends = path.ends_with("/revoke");
        (method == "DELETE", ends, path.clone(), method.clone())
    });
    operations
}

#[tokio::test]
async fn every_operation_allows_the_roles_of_the_table() {
    let api = Api::start().await;
    let operations = in_order(operations(&document(&api).await));
    let everybody = prepare(&api).await;
    let mut rows = Vec::new();
    for (method, path, operation) in &operations {
        let mut row = format!("{method} {path}");
        for who in &everybody {
            if may(&api, who, method, path, operation).await {
                write!(row, " {}", who.name).expect("a row");
            }
        }
        rows.push(row);
    }
    rows.sort();
    let found = rows.join("\n") + "\n";
    let table = std::fs::read_to_string(environment::repository().join(TABLE));
    assert_eq!(
        found,
        table.unwrap_or_default(),
        "an operation is new, or who may do it is: check that {TABLE} should say this, and write it down"
    );
}

#[tokio::test]
async fn nothing_is_done_without_a_key() {
    let api = Api::start().await;
    for (method, path, _) in operations(&document(&api).await) {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let url = format!("{}{path}", api.ostia.web_url);
        let method: Method = method.parse().expect("a method");
        let answer = send(http::client().request(method, url)).await;
        answer.refused(401, "key-missing");
    }
}

/// What belongs to others is not forbidden to members: it is not there.
#[tokio::test]
async fn a_member_reaches_their_own_keys_alone() {
    let api = Api::start().await;
    let member = service(&api.ostia, "bob", "member").await;
    let keys = api.get("/api/v1/keys?owner=admin").await.ok(200);
    let id = keys["items"][0]["id"].as_str().expect("an id");
    for (method, path) in [
        (Method::GET, format!("/api/v1/keys/{id}")),
        (Method::DELETE, format!("/api/v1/keys/{id}")),
        (Method::POST, format!("/api/v1/keys/{id}/revoke")),
        (Method::GET, "/api/v1/keys?owner=admin".to_owned()),
        (Method::GET, "/api/v1/users/admin".to_owned()),
    ] {
        let answer = send(api.with_key(method, &path, &member)).await;
        answer.refused(404, "no-such-object");
    }
    let own = send(api.with_key(Method::GET, "/api/v1/keys", &member)).await;
    let own = own.ok(200);
    let owners = own["items"].as_array().expect("keys").iter();
    assert!(
        owners.clone().all(|key| key["owner_name"] == "bob"),
        "{own:#}"
    );
}
