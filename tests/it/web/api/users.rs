//! Users, and where they are told by mail.

use super::Api;
use reqwest::Method;
use serde_json::{Value, json};

const ANN: &str = "/api/v1/users/ann";

#[tokio::test]
async fn an_address_is_given_and_taken() {
    let api = Api::start().await;
    let ann = json!({"name": "ann", "email": "ann@example.org"});
    let ann = api.post("/api/v1/users", ann).await.ok(201);
    assert_eq!(ann["email"], "ann@example.org");
    let read = api.get(ANN).await;
    let first = read.header("etag").to_owned();
    assert_eq!(read.ok(200), ann);
    let change = |email| api.write(Method::PATCH, ANN, json!({"email": email}));
    let refused = change(json!("ann")).await;
    refused.refused(422, "invalid-argument");
    assert_eq!(refused.body["field"], "email");
    let changed = change(json!("ann@example.com")).await;
    assert_ne!(changed.header("etag"), first);
    assert_eq!(changed.ok(200)["email"], "ann@example.com");
    // What names something else leaves it.
    let auditor = json!({"role": "auditor"});
    let auditor = api.write(Method::PATCH, ANN, auditor).await.ok(200);
    assert_eq!(auditor["email"], "ann@example.com");
    assert_eq!(change(Value::Null).await.ok(200)["email"], Value::Null);
    assert_eq!(api.get(ANN).await.ok(200)["email"], Value::Null);
}
