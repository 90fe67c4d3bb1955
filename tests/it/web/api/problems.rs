//! How what does not work is answered.

use super::{Api, keys::key_of_another, send, service};
use crate::harness::http;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName},
};
use serde_json::json;

#[tokio::test]
async fn a_key_that_does_not_work_says_why() {
    let api = Api::start().await;
    let url = format!("{}/v1/me", api.ostia.web_url);
    let none = send(http::client().get(&url)).await;
    none.refused(401, "key-missing");
    let with = async |name: HeaderName, value: &str| {
        send(http::client().get(&url).header(name, value)).await
    };
    with(AUTHORIZATION, "Basic abc")
        .await
        .refused(401, "key-malformed");
    with(AUTHORIZATION, "Bearer ost_live_x")
        .await
        .refused(401, "key-malformed");
    let api_key = HeaderName::from_static("x-api-key");
    assert_eq!(with(api_key.clone(), &api.key).await.status, 200);
    // Never in the query, which ends up in logs.
    let query = format!("{url}?key={}", api.key);
    send(http::client().get(query))
        .await
        .refused(401, "key-missing");

    let other = service(&api.ostia, "other", "member").await;
    api.ostia.cli(&["keys", "inactivate", "other"]).await.ok();
    with(api_key.clone(), &other)
        .await
        .refused(401, "key-inactive");
    api.ostia.cli(&["keys", "activate", "other"]).await.ok();
    api.ostia.cli(&["users", "disable", "other"]).await.ok();
    with(api_key.clone(), &other)
        .await
        .refused(401, "owner-disabled");
    api.ostia.cli(&["users", "enable", "other"]).await.ok();
    api.ostia
        .cli(&["keys", "revoke", "other", "--yes"])
        .await
        .ok();
    with(api_key.clone(), &other)
        .await
        .refused(401, "key-revoked");
    let confirmed = ["users", "delete", "other", "--yes"];
    api.ostia.cli(&confirmed).await.ok();
    with(api_key, &other).await.refused(401, "key-unknown");
}

#[tokio::test]
async fn where_and_when_a_key_may_be_used_holds_here_too() {
    let api = Api::start().await;
    service(&api.ostia, "other", "operator").await;
    let key = async |name: &str, restrictions| {
        let body = json!({"name": name, "owner": "other", "restrictions": restrictions});
        let made = api.post("/api/v1/keys", body).await.ok(201);
        made["secret"].as_str().expect("a secret").to_owned()
    };
    let elsewhere = key("elsewhere", json!({"networks": ["192.0.2.0/24"]})).await;
    let answer = send(api.with_key(Method::GET, "/v1/me", &elsewhere)).await;
    answer.refused(403, "address-forbidden");
    // What a stranger says about where it comes from is not looked at.
    let claims = api
        .with_key(Method::GET, "/v1/me", &elsewhere)
        .header("x-forwarded-for", "192.0.2.1");
    send(claims).await.refused(403, "address-forbidden");
    let here = key("here", json!({"networks": ["127.0.0.0/8"]})).await;
    let answer = send(api.with_key(Method::GET, "/v1/me", &here)).await;
    assert_eq!(answer.status, 200);
    // One day of the week, and none of those that a test may run on.
    let now = ostia_domain::clock::now();
    let other_day = match now.format("%u").to_string().as_str() {
        "1" | "2" | "7" => "thu",
        _ => "mon",
    };
    let window = format!("{other_day} 10:00-10:01");
    let never = key("never", json!({"window": window})).await;
    let answer = send(api.with_key(Method::GET, "/v1/me", &never)).await;
    answer.refused(403, "hour-forbidden");
}

#[tokio::test]
async fn a_body_is_read_strictly() {
    let api = Api::start().await;
    let plans = "/api/v1/plans";
    let raw = async |body: String| send(api.request(Method::POST, plans).body(body)).await;
    raw("{".to_owned()).await.refused(400, "invalid-json");
    raw("[]".to_owned()).await.refused(400, "invalid-json");
    raw(r#"{"name": "a"} {}"#.to_owned())
        .await
        .refused(400, "invalid-json");
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(1 << 20));
    raw(large).await.refused(413, "body-too-large");
    let unknown = api.post(plans, json!({"name": "a", "limit": {}})).await;
    unknown.refused_for(400, "invalid-json", "limit");
    let inner = json!({"name": "a", "limits": {"burst": "x"}});
    let wrong = api.post(plans, inner).await;
    wrong.refused_for(400, "invalid-json", "limits.burst");
    let missing = api.post(plans, json!({})).await;
    missing.refused_for(400, "invalid-json", "name");
}

/// Control's own rules about what was read, with the member as the caller wrote it.
#[tokio::test]
async fn a_field_is_called_as_in_the_body() {
    let api = Api::start().await;
    api.post("/api/v1/plans", json!({"name": "p"}))
        .await
        .ok(201);
    let zero = || json!({"calls_per_minute": 0});
    let empty = || json!({"allow": [""]});
    let regex = || json!({"arguments": [{"tools": ["*"], "argument": "/a", "regex": "("}]});
    let of = |url: &str| json!({"name": "u", "transport": "http", "url": url});
    let token_url = json!({
        "name": "u",
        "transport": "http",
        "url": "https://192.0.2.1/",
        "credential": {
            "kind": "client-credentials",
            "token_url": "not a url",
            "client_id": "i",
            "client_secret": "s",
        },
    });
    let long = "x".repeat(101);
    for (path, body, field) in [
        (
            "plans",
            json!({"name": "a", "limits": zero()}),
            "limits.calls_per_minute",
        ),
        (
            "policies",
            json!({"name": "a", "rules": empty()}),
            "rules.allow",
        ),
        (
            "policies",
            json!({"name": "a", "rules": regex()}),
            "rules.arguments.regex",
        ),
        (
            "policies",
            json!({"name": "a", "rules": {}, "preset": "read-only"}),
            "rules",
        ),
        (
            "policies",
            json!({"name": "a", "preset": "nothing"}),
            "preset",
        ),
        (
            "keys",
            json!({"name": "a", "owner": "admin", "restrictions": {"limits": zero()}}),
            "restrictions.limits.calls_per_minute",
        ),
        (
            "keys",
            json!({"name": "a", "owner": "admin", "restrictions": {"rules": empty()}}),
            "restrictions.rules.allow",
        ),
        (
            "keys",
            json!({"name": "a", "owner": "admin", "restrictions": {"networks": ["x"]}}),
            "restrictions.networks",
        ),
        ("keys", json!({"name": long, "owner": "admin"}), "name"),
        (
            "upstreams",
            json!({"name": "U", "transport": "stdio", "program": "x"}),
            "name",
        ),
        (
            "upstreams",
            json!({"name": "u", "transport": "stdio", "program": ""}),
            "program",
        ),
        (
            "upstreams",
            json!({"name": "u", "transport": "stdio", "program": "x", "pool": {"max_workers": 0}}),
            "pool.max_workers",
        ),
        ("upstreams", of("not a url"), "url"),
        ("upstreams", of("https://x.example/mcp?api_key=k"), "url"),
        ("upstreams", token_url, "credential"),
        ("bundles", json!({"name": "b", "include": [""]}), "include"),
        (
            "bundles",
            json!({"name": "b", "overrides": [{"tool": "demo.echo", "name": "a b"}]}),
            "overrides.name",
        ),
    ] {
        let refused = api.post(&format!("/api/v1/{path}"), body).await;
        refused.refused_for(422, "invalid-argument", field);
        let detail = refused.body["detail"].as_str().expect("a text");
        assert!(detail.starts_with(&format!("{field}: ")), "{detail}");
    }
    // The limits are the body here.
    let refused = api.write(Method::PUT, "/api/v1/plans/p", zero()).await;
    refused.refused_for(422, "invalid-argument", "calls_per_minute");
    let price = json!({"tools": "", "micros": 1, "currency": "EUR"});
    let refused = api.write(Method::PUT, "/api/v1/prices", price).await;
    refused.refused_for(422, "invalid-argument", "tools");
    let own = api.get("/v1/keys").await.ok(200)["items"][0]["id"].clone();
    let own = format!("/v1/keys/{}", own.as_str().expect("an id"));
    let change = json!({"restrictions": {"window": "x"}});
    let refused = api.write(Method::PATCH, &own, change).await;
    refused.refused_for(422, "invalid-argument", "restrictions.window");
}

#[tokio::test]
async fn a_query_is_read_strictly() {
    let api = Api::start().await;
    for (query, status, code, field) in [
        ("page_siz=1", 422, "invalid-argument", "page_siz"),
        ("page_size=x", 422, "invalid-argument", "page_size"),
        (
            "page_size=1&page_size=2",
            422,
            "invalid-argument",
            "page_size",
        ),
        ("page_size=0", 422, "invalid-argument", "page_size"),
        ("page_size=501", 422, "invalid-argument", "page_size"),
        ("page_token=x", 422, "invalid-argument", "page_token"),
        ("from=yesterday", 422, "invalid-argument", "from"),
    ] {
        let answer = api.get(&format!("/api/v1/usage?{query}")).await;
        answer.refused_for(status, code, field);
    }
    let grouped = api.get("/api/v1/usage/summary?group_by=key,x").await;
    grouped.refused_for(422, "invalid-argument", "group_by");
    let segment = api.get("/api/v1/plans/%ff").await;
    segment.refused(400, "invalid-request");
}

#[tokio::test]
async fn a_wrong_path_or_method_is_a_problem_too() {
    let api = Api::start().await;
    for path in ["/api", "/api/v2/keys", "/api/v1/key", "/v1", "/v1/me/x"] {
        let answer = send(http::client().get(format!("{}{path}", api.ostia.web_url))).await;
        answer.refused(404, "not-found");
    }
    let answer = api.delete("/v1/me").await;
    answer.refused(405, "http-method-not-allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let answer = api.write(Method::PATCH, "/api/v1/plans", json!({})).await;
    answer.refused(405, "http-method-not-allowed");
    let answer = api.delete("/v1/leaked-keys").await;
    answer.refused(405, "http-method-not-allowed");
}

#[tokio::test]
async fn the_state_of_things_is_a_conflict() {
    let api = Api::start().await;
    api.post("/api/v1/plans", json!({"name": "gold"}))
        .await
        .ok(201);
    let again = api.post("/api/v1/plans", json!({"name": "gold"})).await;
    again.refused(409, "already-exists");
    key_of_another(&api, json!({"name": "bound", "plan": "gold"})).await;
    let used = api.delete("/api/v1/plans/gold").await;
    used.refused(409, "conflict");
    let missing = api.delete("/api/v1/plans/silver").await;
    missing.refused(404, "no-such-object");
}
