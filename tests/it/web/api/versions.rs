//! What the rules of a policy were, and how they differ.

use super::Api;
use reqwest::Method;
use serde_json::{Value, json};

const POLICY: &str = "/api/v1/policies/mail";

async fn with_versions() -> Api {
    let api = Api::start().await;
    let first = json!({"upstreams": ["mail"], "allow": ["mail.read"], "max_tier": "read"});
    let made = json!({"name": "mail", "rules": first});
    api.post("/api/v1/policies", made).await.ok(201);
    let second = json!({
        "upstreams": ["mail"],
        "allow": ["mail.read", "mail.send"],
        "max_tier": "write",
        "constraints": [{"tools": ["*"], "max_results": 7}],
    });
    let change = json!({"rules": second});
    api.write(Method::PUT, POLICY, change).await.ok(200);
    api
}

#[tokio::test]
async fn a_version_says_what_it_changed() {
    let api = with_versions().await;
    let versions = api.get(&format!("{POLICY}/versions")).await.ok(200);
    let versions = versions["items"].as_array().expect("versions").clone();
    for version in &versions {
        let one = format!("{POLICY}/versions/{}", version["version"]);
        assert_eq!(api.get(&one).await.ok(200), *version);
    }
    let changed: Vec<_> = versions.iter().map(|version| &version["changed"]).collect();
    assert_eq!(changed[0]["added"]["allow"], json!(["mail.send"]));
    assert_eq!(changed[0]["removed"], json!({"max_tier": "read"}));
    let first = json!({"upstreams": ["mail"], "allow": ["mail.read"], "max_tier": "read"});
    assert_eq!(*changed[1], json!({"removed": {}, "added": first}));
    for none in ["0", "3", "4294967295"] {
        let missing = api.get(&format!("{POLICY}/versions/{none}")).await;
        missing.refused(404, "no-such-object");
    }
}

/// As `ostia policies diff` says it, between any two versions and in both directions.
#[tokio::test]
async fn two_versions_are_compared() {
    let api = with_versions().await;
    let diff = async |query: &str| api.get(&format!("{POLICY}/diff{query}")).await;
    let newest = diff("").await.ok(200);
    assert_eq!((&newest["from"], &newest["to"]), (&json!(1), &json!(2)));
    assert_eq!(
        newest["added"],
        json!({
            "allow": ["mail.send"],
            "max_tier": "write",
            "constraints": [{"tools": ["*"], "max_results": 7}],
        })
    );
    assert_eq!(newest["removed"], json!({"max_tier": "read"}));
    let there = api.ostia.cli(&["policies", "diff", "mail"]).await.ok();
    assert_eq!(newest, there.json());

    let back = diff("?from=2&to=1").await.ok(200);
    assert_eq!(back["added"], newest["removed"]);
    assert_eq!(back["removed"], newest["added"]);
    let same = diff("?from=2&to=2").await.ok(200);
    assert_eq!((&same["added"], &same["removed"]), (&json!({}), &json!({})));
    let first = diff("?to=1").await.ok(200);
    assert_eq!((&first["from"], &first["removed"]), (&json!(0), &json!({})));
    assert_eq!(first["added"]["allow"], json!(["mail.read"]));
    diff("?to=3").await.refused(404, "no-such-object");
    diff("?to=0").await.refused(404, "no-such-object");
    let wrong = diff("?to=newest").await;
    assert_eq!(wrong.body["field"], Value::from("to"), "{:#}", wrong.body);
}
