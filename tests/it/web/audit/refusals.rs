//! Who was refused, over REST and by the dashboard, as audit tells.

use super::somebody;
use crate::harness::{http, ostia::Ostia, wait};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// What was asked for, how it ended, and who asked, of all refusals, oldest first, once there are as many.
async fn refusals(ostia: &Ostia, count: usize) -> Vec<Value> {
    let found = wait::until(Duration::from_secs(10), "refusals are written", || async {
        let found = ostia
            .cli(&["audit", "list", "--action", "access.deny"])
            .await;
        let Value::Array(mut found) = found.ok().json() else {
            panic!("no list");
        };
        found.reverse();
        if found.len() == count {
            Ok(found)
        } else {
            Err(found)
        }
    });
    found.await.0
}

#[tokio::test]
async fn credentials_that_rest_does_not_take() {
    let ostia = Ostia::start().await;
    let made = ostia
        .cli(&["keys", "create", "old", "--policy", "read-only"])
        .await;
    let made = made.ok().json();
    let revoked = made["secret"].as_str().expect("a secret").to_owned();
    let id = made["key"]["id"].as_str().expect("an id");
    ostia.cli(&["keys", "revoke", id, "--yes"]).await.ok();
    let send = async |method: Method, path: &str, key: &str| {
        let url = format!("{}{path}", ostia.web_url);
        let request = http::client().request(method, url).bearer_auth(key);
        let request = request.header("user-agent", "terraform/1.9");
        request.send().await.expect("an answer").status().as_u16()
    };
    // What is no key at all is nobody's attempt.
    for nothing in ["", "nonsense"] {
        assert_eq!(send(Method::GET, "/v1/me", nothing).await, 401);
    }
    assert_eq!(send(Method::GET, "/v1/me", &revoked).await, 401);
    let person = ostia.key.clone();
    let path = "/api/v1/users/somebody-s-name";
    assert_eq!(send(Method::DELETE, path, &person).await, 403);
    let unknown = {
        // Another key than any that there is: the same one in another place.
        let elsewhere = Ostia::start().await;
        let key = elsewhere.key.clone();
        assert_eq!(send(Method::POST, "/api/v1/plans", &key).await, 401);
        key
    };
    let events = refusals(&ostia, 3).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            [
                text("target"),
                text("outcome"),
                text("error"),
                text("actor"),
            ]
        })
        .collect();
    let expected = [
        ["GET /v1/me", "unauthenticated", "key-revoked", "anonymous"],
        [
            "DELETE /api/v1/users/{user}",
            "denied",
            "forbidden",
            "user:admin",
        ],
        [
            "POST /api/v1/plans",
            "unauthenticated",
            "key-unknown",
            "anonymous",
        ],
    ];
    assert_eq!(told, expected);
    assert_eq!(events[0]["key_id"], *id);
    assert!(events[1]["key_id"].is_string() && events[2]["key_id"].is_null());
    assert!(
        events[2]["detail"]["presented_key"].is_string(),
        "{events:#?}"
    );
    for event in &events {
        assert_eq!(event["remote_address"], "127.0.0.1");
        assert_eq!(event["client"], "terraform/1.9");
        let text = event.to_string();
        assert!(
            ![&revoked, &person, &unknown]
                .iter()
                .any(|key| text.contains(*key))
        );
    }
}

#[tokio::test]
async fn a_page_for_others() {
    let ostia = Ostia::start().await;
    let olga = somebody(&ostia, "olga", "operator").await;
    let bob = somebody(&ostia, "bob", "member").await;
    assert_eq!(bob.open("/audit").await.status, 404);
    assert_eq!(
        bob.submit("/plans/new", &[("name", "gold")]).await.status,
        404
    );
    let events = refusals(&ostia, 2).await;
    assert_eq!(events[0]["target"], "GET /audit");
    assert_eq!(events[1]["target"], "POST /plans/new");
    for event in &events {
        assert_eq!(event["actor"], "user:bob");
        assert_eq!(event["outcome"], "denied");
        assert_eq!(event["detail"], json!({}));
    }
    let id = events[0]["id"].as_str().expect("an id");
    for path in ["/audit?outcome=denied", &format!("/audit/{id}")] {
        let page = olga.open(path).await;
        assert!(page.body.contains("Not permitted"), "{}", page.body);
        assert!(!page.body.contains(">Changed<"), "{}", page.body);
    }
}
