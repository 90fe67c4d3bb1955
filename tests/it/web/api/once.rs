//! `Idempotency-Key`.

use super::{Api, changes::with, keys::key_of_another, send, service, split};
use crate::harness::{database, ostia::Ostia, wait};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_creation_that_is_sent_again_is_one() {
    let api = Api::start().await;
    let path = "/api/v1/keys";
    service(&api.ostia, "other", "operator").await;
    let key = ("idempotency-key", "a1");
    let body = r#"{"name": "ci", "owner": "other"}"#;
    let first = with(&api, Method::POST, path, key, body).await.ok(201);
    assert!(first["secret"].is_string());
    let again = with(&api, Method::POST, path, key, body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let again = again.ok(201);
    assert_eq!(again["key"], first["key"]);
    // It was shown once, and is kept nowhere.
    assert_eq!(again["secret"], Value::Null);
    let other = with(
        &api,
        Method::POST,
        path,
        key,
        r#"{"name": "cd", "owner": "other"}"#,
    )
    .await;
    other.refused_for(422, "invalid-argument", "Idempotency-Key");
    let unusable = ("idempotency-key", "");
    let refused = with(&api, Method::POST, path, unusable, body).await;
    refused.refused_for(422, "invalid-argument", "Idempotency-Key");
    // What was refused was not done, and may be tried again with the same key.
    let retried = ("idempotency-key", "b2");
    let refused = with(&api, Method::POST, path, retried, body).await;
    refused.refused(409, "already-exists");
    api.ostia.cli(&["keys", "revoke", "ci", "--yes"]).await.ok();
    with(&api, Method::POST, path, retried, body).await.ok(201);
    // Keys of this kind are of one caller.
    let stranger = service(&api.ostia, "stranger", "administrator").await;
    api.ostia.cli(&["keys", "revoke", "ci", "--yes"]).await.ok();
    let request = api.with_key(Method::POST, path, &stranger);
    let theirs = send(request.header(key.0, key.1).body(body)).await.ok(201);
    assert_ne!(theirs["key"]["id"], first["key"]["id"]);
    assert!(theirs["secret"].is_string());
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

/// With the key of somebody who may call tools.
async fn calling() -> Api {
    let ostia = Ostia::start().await;
    let key = ostia.key.clone();
    Api { ostia, key }
}

/// Whichever web role they come to.
#[tokio::test]
async fn of_many_at_once_one_is_made() {
    let one = Api::start().await;
    let other = split::another_web(&one).await;
    let key = ("idempotency-key", "many");
    let create = |api| with(api, Method::POST, "/api/v1/users", key, r#"{"name": "u"}"#);
    let apis = [&one, &other].into_iter().cycle().take(12);
    let mut made = 0;
    for answer in join_all(apis.map(create)).await {
        match answer.status {
            201 if answer.header("idempotency-replayed").is_empty() => made += 1,
            201 => {}
            _ => {
                answer.refused(409, "conflict");
                assert_eq!(answer.header("retry-after"), "1");
            }
        }
    }
    assert_eq!(made, 1);
    let users = one.get("/api/v1/users").await.ok(200);
    let named = users["items"].as_array().expect("users").iter();
    assert_eq!(named.filter(|user| user["name"] == "u").count(), 1);
    for api in [&one, &other] {
        let again = create(api).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.ok(201)["name"], "u");
    }
}

/// A key that is rotated twice has lost a secret that somebody uses.
#[tokio::test]
async fn a_rotation_that_is_sent_again_elsewhere_is_one() {
    let one = Api::start().await;
    let other = split::another_web(&one).await;
    let made = key_of_another(&one, json!({"name": "ci"})).await;
    let id = made["key"]["id"].as_str().expect("an id");
    let (path, key) = (
        format!("/api/v1/keys/{id}/rotate"),
        ("idempotency-key", "r1"),
    );
    let body = r#"{"overlap_seconds": 3600}"#;
    let first = with(&one, Method::POST, &path, key, body).await.ok(200);
    assert!(first["secret"].is_string());
    let again = with(&other, Method::POST, &path, key, body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let again = again.ok(200);
    assert_eq!(
        (&again["key"], &again["secret"]),
        (&first["key"], &Value::Null)
    );
    let changed = with(
        &other,
        Method::POST,
        &path,
        key,
        r#"{"overlap_seconds": 0}"#,
    )
    .await;
    changed.refused_for(422, "invalid-argument", "Idempotency-Key");
    let secrets = one.get(&format!("/api/v1/keys/{id}")).await.ok(200);
    assert_eq!(secrets["secrets"].as_array().map(Vec::len), Some(2));
}

/// Who gives up and comes again finds out what became of the first.
#[tokio::test]
async fn a_caller_who_hung_up_asks_again() {
    let api = calling().await;
    let key = ("idempotency-key", "hung-up");
    let path = "/api/v1/upstreams/demo/tools/slow/execute";
    let body = r#"{"arguments": {"seconds": 5}}"#;
    let request = api.request(Method::POST, path).header(key.0, key.1);
    let hung_up = request.body(body).timeout(Duration::from_millis(300));
    hung_up.send().await.expect_err("it takes longer");
    // A call of a tool is never made again by itself: nobody knows how far the first one came.
    with(&api, Method::POST, path, key, body)
        .await
        .refused(409, "conflict");
    let left = "UPDATE idempotency_keys SET claimed_at = '2026-01-01T00:00:00+00:00'";
    database::execute(&api.ostia.database_url(), left).await;
    let answer = with(&api, Method::POST, path, key, body).await;
    answer.refused(409, "conflict");
    assert_eq!(answer.header("retry-after"), "", "it never ends");
}

/// What control keeps says nothing to who reads its database.
#[tokio::test]
async fn neither_keys_nor_answers_are_in_the_database() {
    let api = calling().await;
    let key = ("idempotency-key", "a-telling-key");
    let path = "/api/v1/upstreams/demo/tools/echo/execute";
    let body = r#"{"arguments": {"message": "a telling answer"}}"#;
    let first = with(&api, Method::POST, path, key, body).await.ok(200);
    let again = with(&api, Method::POST, path, key, body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(200), first);
    let kept = wait::until(Duration::from_secs(10), "the answer is kept", || async {
        let columns = database::columns(&api.ostia.database_url()).await;
        let of_keys = |(name, _): &&(String, Vec<u8>)| name.contains("idempotency_keys");
        let kept: Vec<_> = columns.iter().filter(of_keys).cloned().collect();
        if kept
            .iter()
            .any(|(name, bytes)| name.contains("answer") && !bytes.is_empty())
        {
            Ok(kept)
        } else {
            Err(kept.len())
        }
    });
    let (kept, _) = kept.await;
    for (name, bytes) in kept {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("telling"), "{name}");
    }
}
