//! Pages of lists.

use super::{Api, everything, service};
use reqwest::Method;
use serde_json::json;

/// Follows `Link` to the end.
async fn names(api: &Api, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let answer = api.get(&path).await;
        let link = answer.header("link").to_owned();
        let page = answer.ok(200);
        let token = &page["next_page_token"];
        assert_eq!(token.is_null(), link.is_empty(), "{link:?} and {token}");
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 2, "{items:?}");
        let of = |item: &serde_json::Value| item["name"].as_str().map(str::to_owned);
        names.extend(items.iter().filter_map(of));
        next = link.strip_prefix('<').map(|rest| {
            let (target, rel) = rest.split_once('>').expect("a link");
            assert_eq!(rel, "; rel=\"next\"");
            target.to_owned()
        });
    }
    names
}

#[tokio::test]
async fn every_item_is_on_one_page() {
    let api = Api::start().await;
    service(&api.ostia, "other", "operator").await;
    for name in ["a", "b", "c", "d", "e"] {
        api.post("/api/v1/plans", json!({"name": name}))
            .await
            .ok(201);
        let key = json!({"name": name, "owner": "other"});
        api.post("/api/v1/keys", key).await.ok(201);
    }
    let plans = names(&api, "/api/v1/plans?page_size=2").await;
    assert_eq!(plans, ["a", "b", "c", "d", "e"]);
    // Control cuts this one; newest first.
    let keys = names(&api, "/api/v1/keys?owner=other&page_size=2").await;
    assert_eq!(keys, ["e", "d", "c", "b", "a", "other"]);
}

#[tokio::test]
async fn keys_that_are_worth_a_look_are_found() {
    let api = Api::start().await;
    service(&api.ostia, "other", "member").await;
    let policy = json!({"name": "narrow", "preset": "read-only"});
    api.post("/api/v1/policies", policy).await.ok(201);
    for new in [
        json!({"name": "endless", "owner": "other", "never_expires": true}),
        json!({"name": "narrow", "owner": "other", "policies": ["narrow"]}),
    ] {
        api.post("/api/v1/keys", new).await.ok(201);
    }
    for (query, found) in [
        ("endless=true", &["endless"][..]),
        ("endless=false", &["narrow", "endless", "other"]),
        ("policy=narrow", &["narrow"]),
        (
            "unused_since=2999-01-01T00:00:00Z&endless=true",
            &["endless"],
        ),
        ("unused_since=2000-01-01T00:00:00Z", &[]),
        (
            "not_rotated_since=2999-01-01T00:00:00Z&policy=narrow",
            &["narrow"],
        ),
        ("not_rotated_since=2000-01-01T00:00:00Z", &[]),
    ] {
        let path = format!("/api/v1/keys?owner=other&page_size=2&{query}");
        assert_eq!(names(&api, &path).await, found, "{query}");
    }
    let odd = api.get("/api/v1/keys?unused_since=yesterday").await;
    assert_eq!(odd.ok(422)["field"], "unused_since");
}

#[tokio::test]
async fn what_happened_is_found_by_what_it_was() {
    let api = Api::start().await;
    api.post("/api/v1/plans", json!({"name": "gold"}))
        .await
        .ok(201);
    let path = "/api/v1/audit-logs?action=plans.*&page_size=1";
    let events = api.get(path).await.ok(200);
    let event = &events["items"][0];
    assert_eq!(event["action"], "plans.create", "{event:#}");
    assert_eq!(event["actor"], "service:root");
    let since = "/api/v1/audit-logs?action=plans.*&from=2999-01-01T00:00:00Z";
    let none = api.get(since).await.ok(200);
    assert_eq!(none["items"], json!([]));
}

/// Goes through a list one by one and deletes what it sees, which is the end of nothing.
#[tokio::test]
async fn what_is_deleted_on_the_way_loses_nothing_behind_it() {
    let api = Api::start().await;
    let policy = json!({"rules": everything()});
    let price = json!({"micros": 1, "currency": "EUR"});
    let upstream = json!({"transport": "http", "url": "https://192.0.2.1/"});
    for (kind, body) in [
        ("users", json!({})),
        ("groups", json!({})),
        ("plans", json!({})),
        ("bundles", json!({})),
        ("policies", policy),
        ("prices", price),
        ("upstreams", upstream),
    ] {
        let path = format!("/api/v1/{kind}");
        for name in ["zz-c", "zz-a", "zz-b"] {
            let mut body = body.clone();
            let answer = if kind == "prices" {
                body["tools"] = name.into();
                api.write(Method::PUT, &path, body).await
            } else {
                body["name"] = name.into();
                api.post(&path, body).await
            };
            assert!(matches!(answer.status, 200 | 201), "{:#}", answer.body);
        }
        let mut seen = Vec::new();
        let mut next = format!("{path}?page_size=1");
        loop {
            let page = api.get(&next).await.ok(200);
            let item = &page["items"][0];
            let name = item["name"].as_str().or(item["tools"].as_str());
            let name = name.expect("a name").to_owned();
            if name.starts_with("zz-") {
                let one = format!("{path}/{}", item["id"].as_str().expect("an id"));
                api.delete(&one).await.ok(204);
                seen.push(name);
            }
            let Some(token) = page["next_page_token"].as_str() else {
                break;
            };
            next = format!("{path}?page_size=1&page_token={token}");
        }
        assert_eq!(seen, ["zz-a", "zz-b", "zz-c"], "{kind}");
        // Of another list, or nobody's.
        for token in ["bm90IG91cnM", "!"] {
            let wrong = api.get(&format!("{path}?page_token={token}")).await;
            wrong.refused_for(422, "invalid-argument", "page_token");
        }
    }
}
