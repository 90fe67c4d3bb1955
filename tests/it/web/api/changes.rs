//! `ETag` and `If-Match`.

use super::{Answer, Api, everything, keys::key_of_another, send};
use crate::harness::wait;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) async fn with(
    api: &Api,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: &str,
) -> Answer {
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

/// Something that can be changed in two ways, and the changes.
async fn changeable(api: &Api) -> Vec<(String, Method, Value, Value)> {
    for (path, made) in [
        ("/api/v1/plans", json!({"name": "p"})),
        ("/api/v1/users", json!({"name": "u"})),
        ("/api/v1/groups", json!({"name": "g"})),
        ("/api/v1/bundles", json!({"name": "b"})),
        (
            "/api/v1/policies",
            json!({"name": "y", "rules": everything()}),
        ),
        (
            "/api/v1/upstreams",
            json!({"name": "s", "transport": "http", "url": "https://192.0.2.1/"}),
        ),
    ] {
        api.post(path, made).await.ok(201);
    }
    let key = key_of_another(api, json!({"name": "k"})).await;
    let key = key["key"]["id"].as_str().expect("an id");
    let rules = |deny: &str| json!({"rules": {"upstreams": ["*"], "allow": ["*"], "deny": [deny]}});
    let of = |path: &str, method, one, other| (path.to_owned(), method, one, other);
    // What refers to others is deleted before them.
    vec![
        of(
            "/api/v1/groups/g",
            Method::PATCH,
            json!({"members": ["u"]}),
            json!({"plan": "p"}),
        ),
        of(
            "/api/v1/plans/p",
            Method::PUT,
            json!({"calls_per_minute": 1}),
            json!({"calls_per_minute": 2}),
        ),
        of(
            "/api/v1/users/u",
            Method::PATCH,
            json!({"role": "operator"}),
            json!({"role": "auditor"}),
        ),
        of(
            "/api/v1/bundles/b",
            Method::PUT,
            json!({"include": ["demo.*"]}),
            json!({"include": ["*"]}),
        ),
        of(
            "/api/v1/policies/y",
            Method::PUT,
            rules("one.*"),
            rules("other.*"),
        ),
        of(
            "/api/v1/upstreams/s",
            Method::PATCH,
            json!({"url": "https://192.0.2.2/"}),
            json!({"url": "https://192.0.2.3/"}),
        ),
        of(
            &format!("/api/v1/keys/{key}"),
            Method::PATCH,
            json!({"restrictions": {"networks": ["192.0.2.0/24"]}}),
            json!({"name": "renamed"}),
        ),
    ]
}

/// Both have read the same, and change it at the same time: one of them is told that it is not so any more.
#[tokio::test]
async fn of_two_changes_of_what_both_have_read_one_is_made() {
    let api = Api::start().await;
    for (path, method, one, other) in changeable(&api).await {
        let tag = api.get(&path).await.header("etag").to_owned();
        let (one, other) = (one.to_string(), other.to_string());
        let change = |body| with(&api, method.clone(), &path, ("if-match", &tag), body);
        let (one, other) = tokio::join!(change(&one), change(&other));
        let (made, refused) = if one.status == 200 {
            (one, other)
        } else {
            (other, one)
        };
        refused.refused(412, "precondition-failed");
        // Whoever made it may go on from there; a read between changes nothing.
        let tag = made.header("etag").to_owned();
        made.ok(200);
        // An edge may have reported something meanwhile, which is nobody's change.
        let object = |tag: &str| tag.split('.').next().map(str::to_owned);
        let there = api.get(&path).await;
        assert_eq!(object(there.header("etag")), object(&tag), "{path}");
        let read = [tag, "\"x\"".to_owned()].join(", ");
        let gone = with(&api, Method::DELETE, &path, ("if-match", &read), "").await;
        gone.ok(204);
    }
}

/// How many changes audit tells of.
async fn told(api: &Api) -> usize {
    let events = api.get("/api/v1/audit-logs?page_size=500").await.ok(200);
    let events = events["items"].as_array().expect("events").iter();
    let updates = events.filter(|event| {
        let action = event["action"].as_str();
        action.is_some_and(|action| action.contains("update"))
    });
    updates.count()
}

/// Who says what there is changes nothing: no version, no event, and no worker starts anew.
#[tokio::test]
async fn a_change_to_what_there_is_is_none() {
    let api = Api::start().await;
    for (path, method, change, _) in changeable(&api).await {
        let change = change.to_string();
        let made = send(api.request(method.clone(), &path).body(change.clone())).await;
        let tag = made.header("etag").split('.').next().map(str::to_owned);
        let made = made.ok(200);
        let before = told(&api).await;
        let mut needless = vec![change];
        if method == Method::PATCH {
            needless.push("{}".to_owned());
        }
        for body in needless {
            let same = send(api.request(method.clone(), &path).body(body.clone())).await;
            let found = same.header("etag").split('.').next().map(str::to_owned);
            assert_eq!(found, tag, "{path} {body}");
            let same = same.ok(200);
            for member in ["version", "updated_at", "name", "policies"] {
                assert_eq!(same[member], made[member], "{path} {body}");
            }
            // Whoever has read something else is told so all the same.
            let stale = ("if-match", "\"x\"");
            let refused = with(&api, method.clone(), &path, stale, &body).await;
            refused.refused(412, "precondition-failed");
        }
        assert_eq!(told(&api).await, before, "{path}");
    }
}

/// Values of credentials are compared, too, though nobody is shown them.
#[tokio::test]
async fn another_value_of_a_credential_is_a_change() {
    let api = Api::start().await;
    let secret = |value: &str| json!({"env": {"TOKEN": value}});
    let mut new = secret("one");
    for (name, value) in [
        ("name", "s"),
        ("transport", "stdio"),
        ("program", "no-such-program"),
    ] {
        new[name] = value.into();
    }
    let made = api.post("/api/v1/upstreams", new).await.ok(201);
    assert_eq!(made["version"], 1);
    for (value, version) in [("one", 1), ("two", 2), ("two", 2), ("one", 3)] {
        let path = "/api/v1/upstreams/s";
        let changed = api.write(Method::PATCH, path, secret(value)).await.ok(200);
        assert_eq!(changed["version"], version, "{value}");
    }
}

/// What happens to an object by itself is no change of it, though who asks for it anew gets another answer.
#[tokio::test]
async fn a_use_is_no_change() {
    let api = Api::start().await;
    let made = key_of_another(&api, json!({"name": "k"})).await;
    let path = format!(
        "/api/v1/keys/{}",
        made["key"]["id"].as_str().expect("an id")
    );
    let tag = api.get(&path).await.header("etag").to_owned();
    let secret = made["secret"].as_str().expect("a secret");
    send(api.with_key(Method::GET, "/v1/me", secret))
        .await
        .ok(200);
    let used = wait::until(Duration::from_secs(10), "the use is noted", || async {
        let answer = with(&api, Method::GET, &path, ("if-none-match", &tag), "").await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    let (used, _) = used.await;
    assert_ne!(used.header("etag"), tag);
    let rename = r#"{"name": "renamed"}"#;
    let renamed = with(&api, Method::PATCH, &path, ("if-match", &tag), rename).await;
    assert_eq!(renamed.ok(200)["name"], "renamed");
}
