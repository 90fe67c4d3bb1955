//! The life of a key over REST.

use super::{Api, everything, send, service};
use crate::harness::http;
use reqwest::Method;
use serde_json::{Value, json};

async fn status_of(api: &Api, key: &str) -> u16 {
    send(api.with_key(Method::GET, "/v1/me", key)).await.status
}

fn secret(minted: &Value) -> String {
    minted["secret"].as_str().expect("a secret").to_owned()
}

/// The first such key: a service account of its own has it.
pub(super) async fn key_of_another(api: &Api, mut key: Value) -> Value {
    let owner = json!({"name": "other", "kind": "service", "role": "administrator"});
    api.post("/api/v1/users", owner).await.ok(201);
    key["owner"] = json!("other");
    api.post("/api/v1/keys", key).await.ok(201)
}

#[tokio::test]
async fn a_key_lives_from_its_creation_to_its_end() {
    let api = Api::start().await;
    let made = key_of_another(&api, json!({"name": "ci"})).await;
    let first = secret(&made);
    let id = made["key"]["id"].as_str().expect("an id");
    assert_eq!(made["key"]["owner_name"], "other");
    let at = |action: &str| format!("/api/v1/keys/{id}{action}");

    let change = json!({"name": "build", "plan": null});
    let changed = api.write(Method::PATCH, &at(""), change).await.ok(200);
    assert_eq!(changed["name"], "build");
    let shown = api.get(&at("")).await.ok(200);
    assert_eq!(shown["state"], "active");
    assert!(shown["secrets"][0].get("secret").is_none(), "{shown:#}");

    let overlap = json!({"overlap_seconds": 0});
    let second = secret(&api.post(&at("/rotate"), overlap).await.ok(200));
    assert_ne!(first, second);
    assert_eq!(status_of(&api, &first).await, 401);
    assert_eq!(status_of(&api, &second).await, 200);
    let key = api.post(&at("/inactivate"), json!({})).await.ok(200);
    assert_eq!(key["state"], "inactive");
    assert_eq!(status_of(&api, &second).await, 401);
    api.post(&at("/activate"), json!({})).await.ok(200);
    assert_eq!(status_of(&api, &second).await, 200);
    let key = api.post(&at("/revoke"), json!({})).await.ok(200);
    assert_eq!(key["state"], "revoked");
    api.post(&at("/activate"), json!({}))
        .await
        .refused(409, "conflict");
    api.delete(&at("")).await.ok(204);
    api.get(&at("")).await.refused(404, "no-such-object");
}

/// At `/v1` a key of somebody else is not there, not even for administrators.
#[tokio::test]
async fn the_holder_sees_their_own_keys_alone() {
    let api = Api::start().await;
    let demo = api.get("/api/v1/keys?owner=admin").await.ok(200);
    let id = demo["items"][0]["id"].as_str().expect("an id");
    api.get(&format!("/api/v1/keys/{id}")).await.ok(200);
    for (method, path) in [
        (Method::GET, format!("/v1/keys/{id}")),
        (Method::DELETE, format!("/v1/keys/{id}")),
        (Method::POST, format!("/v1/keys/{id}/revoke")),
    ] {
        let answer = send(api.request(method, &path)).await;
        answer.refused(404, "no-such-object");
    }
    let own = api.get("/v1/keys").await.ok(200);
    let owners = own["items"].as_array().expect("keys").iter();
    assert!(owners.clone().count() > 0);
    assert!(owners.clone().all(|key| key["owner_name"] == "root"));
    let theirs = json!({"name": "x", "owner": "admin", "policies": ["read-only"]});
    let made = api.post("/api/v1/keys", theirs).await.ok(201);
    assert_eq!(made["key"]["owner_name"], "admin");
}

/// A key of a person reads what it is. It makes no keys, whatever its owner may do.
#[tokio::test]
async fn a_key_of_a_person_mints_no_keys() {
    let api = Api::start().await;
    let person = api.ostia.key.clone();
    let me = send(api.with_key(Method::GET, "/v1/me", &person))
        .await
        .ok(200);
    assert_eq!(me["owner"]["role"], "administrator");
    assert_eq!(me["owner"]["kind"], "person");
    assert_eq!(me["key"]["policies"], json!(["read-only"]));
    let keys = send(api.with_key(Method::GET, "/v1/keys", &person)).await;
    let id = keys.ok(200)["items"][0]["id"].clone();
    let id = id.as_str().expect("an id");
    for (method, path) in [
        (Method::POST, "/v1/keys".to_owned()),
        (Method::POST, format!("/v1/keys/{id}/rotate")),
        (Method::DELETE, format!("/v1/keys/{id}")),
        (Method::GET, "/api/v1/keys".to_owned()),
        (Method::POST, "/api/v1/policies/test".to_owned()),
        // What is named like a route is not that route.
        (Method::GET, "/api/v1/users/execute".to_owned()),
        (Method::DELETE, "/api/v1/policies/execute".to_owned()),
    ] {
        let body = json!({"name": "x"}).to_string();
        let request = api.with_key(method, &path, &person).body(body);
        send(request).await.refused(403, "forbidden");
    }
}

/// Nobody could: it is not offered, and who tries is told where it is done.
#[tokio::test]
async fn keys_are_made_and_activated_elsewhere() {
    let api = Api::start().await;
    let made = api.post("/v1/keys", json!({"name": "x"})).await;
    made.refused(405, "http-method-not-allowed");
    assert_eq!(made.header("allow"), "GET,HEAD");
    let own = api.get("/v1/keys").await.ok(200)["items"][0]["id"].clone();
    let path = format!("/v1/keys/{}/activate", own.as_str().expect("an id"));
    let activated = api.post(&path, json!({})).await;
    activated.refused(404, "not-found");
    for refused in [made, activated] {
        let why = refused.body["detail"].as_str().expect("a reason");
        assert!(why.contains("at /api/v1/keys"), "{why}");
    }
    let unsaid = api.post("/api/v1/keys", json!({"name": "x"})).await;
    unsaid.refused_for(400, "invalid-json", "owner");
}

/// A service account administers with its key, and gets no other one by it.
#[tokio::test]
async fn a_key_of_a_service_account_mints_none_of_its_own() {
    let api = Api::start().await;
    let own = api.get("/v1/keys").await.ok(200)["items"][0]["id"].clone();
    let own = own.as_str().expect("an id");
    for (method, path, body) in [
        (
            Method::POST,
            "/api/v1/keys".to_owned(),
            json!({"name": "x", "owner": "root"}),
        ),
        (
            Method::PATCH,
            format!("/v1/keys/{own}"),
            json!({"never_expires": true}),
        ),
        (
            Method::POST,
            format!("/api/v1/keys/{own}/activate"),
            json!({}),
        ),
    ] {
        let refused = api.write(method, &path, body).await;
        refused.refused(403, "forbidden");
        let why = refused.body["detail"].as_str().expect("a reason");
        assert!(why.contains("no key of the account"), "{why}");
    }
    let overlap = json!({"overlap_seconds": 0});
    let rotated = api.post(&format!("/v1/keys/{own}/rotate"), overlap).await;
    assert_eq!(status_of(&api, &secret(&rotated.ok(200))).await, 200);
}

/// Nor does a test key administer, whoever it belongs to.
#[tokio::test]
async fn a_test_key_of_a_service_account_administers_nothing() {
    let api = Api::start().await;
    let made = json!({"name": "trial", "mode": "test", "policies": ["read-only"]});
    let trial = secret(&key_of_another(&api, made).await);
    assert_eq!(status_of(&api, &trial).await, 200);
    for (method, path) in [
        (Method::POST, "/v1/keys"),
        (Method::GET, "/api/v1/users"),
        (Method::DELETE, "/api/v1/users/admin"),
    ] {
        let body = json!({"name": "x"}).to_string();
        let request = api.with_key(method, path, &trial).body(body);
        send(request).await.refused(403, "forbidden");
    }
    let echo = "/api/v1/upstreams/demo/tools/echo/execute";
    let call = json!({"arguments": {"message": "x"}}).to_string();
    let request = api.with_key(Method::POST, echo, &trial).body(call);
    send(request).await.ok(200);
}

#[tokio::test]
async fn limits_and_groups_are_told_to_the_holder() {
    let api = Api::start().await;
    let gold = json!({"name": "gold", "limits": {"calls_per_minute": 60}});
    api.post("/api/v1/plans", gold).await.ok(201);
    let member = service(&api.ostia, "worker", "member").await;
    let plan = json!({"plan": "gold"});
    api.write(Method::PATCH, "/api/v1/users/worker", plan)
        .await
        .ok(200);
    let team = json!({"name": "team", "members": ["worker"]});
    api.post("/api/v1/groups", team).await.ok(201);
    let me = send(api.with_key(Method::GET, "/v1/me", &member))
        .await
        .ok(200);
    assert_eq!(me["owner"]["groups"], json!(["team"]));
    let held = &me["limits"][0];
    assert_eq!(held["plan"], "gold", "{me:#}");
    assert_eq!(held["counts"], "owner");
    assert_eq!(held["limits"]["calls_per_minute"], 60);
    // A member sees no plans but what holds for them.
    let plans = send(api.with_key(Method::GET, "/api/v1/plans", &member)).await;
    plans.refused(403, "forbidden");
}

#[tokio::test]
async fn whoever_finds_a_key_ends_it() {
    let api = Api::start().await;
    let made = key_of_another(&api, json!({"name": "lost"})).await;
    let lost = secret(&made);
    let url = format!("{}/v1/leaked-keys", api.ostia.web_url);
    let report = async |key: &str| {
        let body = json!({"key": key}).to_string();
        send(http::client().post(&url).body(body)).await
    };
    let told = report(&lost).await.ok(202);
    let start = told["key"].as_str().expect("its start");
    assert!(lost.starts_with(start) && start.len() < 30, "{start}");
    assert_eq!(status_of(&api, &lost).await, 401);
    // With a wrong secret, with a wrong checksum, and not a key at all: one answer.
    let mut wrong = lost.clone();
    wrong.pop();
    for key in [wrong.as_str(), "ost_live_x", ""] {
        let answer = report(key).await;
        answer.refused(404, "no-such-object");
    }
    let mut refused = None;
    for _ in 0..40 {
        let answer = report("ost_live_x").await;
        if answer.status != 404 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("reports of one address have an end");
    refused.refused(429, "rate-limited");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_key_becomes_a_token_that_ends_with_it() {
    let api = Api::start().await;
    let rules = json!({"name": "all", "rules": everything()});
    api.post("/api/v1/policies", rules).await.ok(201);
    let person = json!({"name": "agent", "owner": "admin", "policies": ["all"]});
    let made = api.post("/api/v1/keys", person).await.ok(201);
    let exchange =
        async |key: &str| send(api.with_key(Method::POST, "/api/v1/auth/token", key)).await;
    let token = exchange(&secret(&made)).await.ok(200);
    assert_eq!(token["token_type"], "Bearer");
    let seconds = token["expires_in"].as_u64().expect("seconds");
    assert!((800..=900).contains(&seconds), "{seconds}");
    let token = token["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(status_of(&api, &token).await, 200);
    let execute = "/api/v1/upstreams/demo/tools/echo/execute";
    let call = json!({"arguments": {"message": "hello"}}).to_string();
    let request = api.with_key(Method::POST, execute, &token).body(call);
    let result = send(request).await.ok(200);
    assert_eq!(result["content"][0]["text"], "hello");
    // A token makes no tokens: nobody lives longer than their key by exchanging.
    assert_eq!(exchange(&token).await.status, 401);
    let id = made["key"]["id"].as_str().expect("an id");
    let revoke = format!("/api/v1/keys/{id}/revoke");
    api.post(&revoke, json!({})).await.ok(200);
    assert_eq!(status_of(&api, &token).await, 401);
}

/// At `/v1` a name is that of a key of whoever asks, at `/api/v1` it has to be one key's.
#[tokio::test]
async fn a_path_takes_the_name_of_a_key() {
    let api = Api::start().await;
    let create = ["keys", "create", "ci", "--owner", "root"];
    let mine = api.ostia.cli(&create).await.ok().json();
    let name = "/api/v1/keys/ci";
    assert_eq!(api.get(name).await.ok(200)["id"], mine["key"]["id"]);
    let theirs = json!({"name": "ci", "owner": "admin", "policies": ["read-only"]});
    let theirs = api.post("/api/v1/keys", theirs).await.ok(201);
    api.get(name).await.refused(409, "conflict");
    api.delete(name).await.refused(409, "conflict");
    let own = api.get("/v1/keys/ci").await.ok(200);
    assert_eq!(own["id"], mine["key"]["id"]);
    let public_id = theirs["key"]["public_id"].as_str().expect("an id");
    let by_id = api.get(&format!("/api/v1/keys/{public_id}")).await.ok(200);
    assert_eq!(by_id["id"], theirs["key"]["id"]);
    let foreign = api.get(&format!("/v1/keys/{public_id}")).await;
    foreign.refused(404, "no-such-object");
    api.delete("/v1/keys/ci").await.ok(204);
    assert_eq!(api.get(name).await.ok(200)["id"], theirs["key"]["id"]);
    let question = json!({"key": "ci", "tool": "demo.echo"});
    let answer = api.post("/api/v1/policies/test", question).await.ok(200);
    assert_eq!(answer["allowed"], true);
}
