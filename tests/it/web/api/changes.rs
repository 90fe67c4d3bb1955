//! `ETag`, `If-Match`, `Idempotency-Key`.

use super::{Answer, Api, send, service};
use reqwest::Method;
use serde_json::{Value, json};

async fn with(api: &Api, method: Method, path: &str, header: (&str, &str), body: &str) -> Answer {
    let request = api.request(method, path).header(header.0, header.1);
    send(request.body(body.to_owned())).await
}

#[tokio::test]
async fn what_is_the_same_is_not_sent_again() {
    let api = Api::start().await;
    let path = "/api/v1/policies/read-only";
    let first = api.get(path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "strong: {tag}");
    for said in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let same = with(&api, Method::GET, path, ("if-none-match", &said), "").await;
        assert_eq!(same.status, 304, "{said}");
        assert_eq!(same.body, Value::Null);
        assert_eq!(same.header("etag"), tag);
    }
    let rules = json!({"rules": {"upstreams": ["demo"]}});
    api.write(Method::PUT, path, rules).await.ok(200);
    let other = with(&api, Method::GET, path, ("if-none-match", &tag), "").await;
    assert_eq!(other.status, 200);
    assert_ne!(other.header("etag"), tag);
}

#[tokio::test]
async fn a_change_of_what_was_not_read_is_refused() {
    let api = Api::start().await;
    for (made, path, method, change) in [
        (
            ("/api/v1/plans", json!({"name": "p"})),
            "/api/v1/plans/p",
            Method::PUT,
            json!({"burst": 1, "calls_per_minute": 1}),
        ),
        (
            ("/api/v1/users", json!({"name": "u"})),
            "/api/v1/users/u",
            Method::PATCH,
            json!({"enabled": false}),
        ),
        (
            ("/api/v1/bundles", json!({"name": "b"})),
            "/api/v1/bundles/b",
            Method::PUT,
            json!({"include": ["demo.*"]}),
        ),
    ] {
        api.post(made.0, made.1).await.ok(201);
        let tag = api.get(path).await.header("etag").to_owned();
        let body = change.to_string();
        let stale = with(&api, method.clone(), path, ("if-match", "\"x\""), &body).await;
        stale.refused(412, "precondition-failed");
        assert_eq!(api.get(path).await.header("etag"), tag, "nothing changed");
        with(&api, method, path, ("if-match", &tag), &body)
            .await
            .ok(200);
        let gone = with(&api, Method::DELETE, path, ("if-match", &tag), "").await;
        gone.refused(412, "precondition-failed");
        with(&api, Method::DELETE, path, ("if-match", "*"), "")
            .await
            .ok(204);
        let missing = with(&api, Method::DELETE, path, ("if-match", &tag), "").await;
        missing.refused(404, "no-such-object");
    }
}

#[tokio::test]
async fn a_creation_that_is_sent_again_is_one() {
    let api = Api::start().await;
    let path = "/v1/keys";
    let (key, body) = (("idempotency-key", "a1"), r#"{"name": "ci"}"#);
    let first = with(&api, Method::POST, path, key, body).await.ok(201);
    assert!(first["secret"].is_string());
    let again = with(&api, Method::POST, path, key, body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let again = again.ok(201);
    assert_eq!(again["key"], first["key"]);
    // It was shown once, and is kept nowhere.
    assert_eq!(again["secret"], Value::Null);
    let other = with(&api, Method::POST, path, key, r#"{"name": "cd"}"#).await;
    other.refused(409, "conflict");
    let unusable = ("idempotency-key", "");
    let refused = with(&api, Method::POST, path, unusable, body).await;
    refused.refused_for(422, "invalid-argument", "Idempotency-Key");
    // What was refused was not done, and may be tried again with the same key.
    let retried = ("idempotency-key", "b2");
    let refused = with(&api, Method::POST, path, retried, body).await;
    refused.refused(409, "already-exists");
    api.ostia.cli(&["keys", "revoke", "ci"]).await.ok();
    with(&api, Method::POST, path, retried, body).await.ok(201);
    // Keys of this kind are of one caller.
    let stranger = service(&api.ostia, "stranger", "administrator").await;
    let request = api.with_key(Method::POST, path, &stranger);
    let theirs = send(request.header(key.0, key.1).body(body)).await.ok(201);
    assert_eq!(theirs["key"]["owner_name"], "stranger");
}

/// A client that sends the header with everything still gets a token that works.
#[tokio::test]
async fn a_token_is_made_each_time() {
    let api = Api::start().await;
    let key = ("idempotency-key", "t1");
    for _ in 0..2 {
        let answer = with(&api, Method::POST, "/api/v1/auth/token", key, "").await;
        assert_eq!(answer.header("idempotency-replayed"), "");
        assert!(answer.ok(200)["access_token"].is_string());
    }
}

#[tokio::test]
async fn two_at_once_make_one() {
    let api = Api::start().await;
    let key = ("idempotency-key", "twice");
    let create = || with(&api, Method::POST, "/api/v1/users", key, r#"{"name": "u"}"#);
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut made = 0;
    for answer in [a, b, c] {
        match answer.status {
            201 if answer.header("idempotency-replayed").is_empty() => made += 1,
            201 => {}
            _ => answer.refused(409, "conflict"),
        }
    }
    assert_eq!(made, 1);
    let users = api.get("/api/v1/users").await.ok(200);
    let named = users["items"].as_array().expect("users").iter();
    assert_eq!(named.filter(|user| user["name"] == "u").count(), 1);
}
