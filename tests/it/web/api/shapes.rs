//! The same thing has the same members over REST and from `ostia --json`.

use super::{Api, everything};
use serde_json::{Value, json};

fn members(value: &Value) -> Vec<String> {
    let members = value.as_object().unwrap_or_else(|| panic!("{value:#}"));
    members.keys().cloned().collect()
}

#[tokio::test]
async fn the_command_line_and_rest_show_the_same() {
    let api = Api::start().await;
    for (path, body) in [
        ("/api/v1/plans", json!({"name": "p"})),
        (
            "/api/v1/policies",
            json!({"name": "all", "rules": everything()}),
        ),
        (
            "/api/v1/bundles",
            json!({"name": "b", "overrides": [{"tool": "demo.echo", "name": "say"}]}),
        ),
        ("/api/v1/groups", json!({"name": "g"})),
    ] {
        api.post(path, body).await.ok(201);
    }
    for (path, noun) in [
        ("/api/v1/keys", "keys"),
        ("/api/v1/users", "users"),
        ("/api/v1/groups", "groups"),
        ("/api/v1/plans", "plans"),
        ("/api/v1/policies", "policies"),
        ("/api/v1/bundles", "bundles"),
        ("/api/v1/upstreams", "upstreams"),
    ] {
        let here = api.get(path).await.ok(200);
        let there = api.ostia.cli(&[noun, "list"]).await.ok().json();
        assert_eq!(here["items"], there, "{noun}");
    }
    let here = api.get("/api/v1/presets").await.ok(200);
    let there = api.ostia.cli(&["policies", "presets"]).await.ok().json();
    assert_eq!(here["items"], there);
    let here = api.get("/api/v1/policies/all/versions").await.ok(200);
    let there = api.ostia.cli(&["policies", "versions", "all"]).await;
    assert_eq!(here["items"], there.ok().json());
    let here = api.get("/api/v1/audit-logs?page_size=1").await.ok(200);
    let there = api.ostia.cli(&["audit", "list"]).await.ok().json();
    assert_eq!(members(&here["items"][0]), members(&there[0]));
    let asked = json!({"key": api.ostia.key[..21], "tool": "demo.echo"});
    let here = api.post("/api/v1/policies/test", asked).await.ok(200);
    let args = ["policies", "test", "--key", "demo", "--tool", "demo.echo"];
    assert_eq!(here, api.ostia.cli(&args).await.ok().json());
    let narrow = ["keys", "update", "demo", "--network", "192.0.2.0/24"];
    api.ostia.cli(&narrow).await.ok();
    for (address, rule) in [
        ("192.0.2.1", here["rule"].clone()),
        ("::1", json!("address-forbidden")),
    ] {
        let asked = json!({
            "key": api.ostia.key[..21], "tool": "demo.echo", "address": address,
        });
        let answer = api.post("/api/v1/policies/test", asked).await.ok(200);
        assert_eq!(answer["rule"], rule, "{answer:#}");
    }
    let asked = json!({"key": "demo", "tool": "demo.echo"});
    let answer = api.post("/api/v1/policies/test", asked).await.ok(200);
    assert_eq!(answer["networks"], json!(["192.0.2.0/24"]));
}

#[tokio::test]
async fn rules_go_in_as_they_come_out() {
    let api = Api::start().await;
    let rules = json!({
        "upstreams": ["demo"],
        "allow": ["demo.*"],
        "deny": ["demo.slow"],
        "max_tier": "write",
        "arguments": [{"tools": ["demo.add"], "argument": "/a", "optional": true, "min": 1.5}],
        "constraints": [{"tools": ["*"], "timeout_ms": 1000}],
    });
    let body = json!({"name": "r", "rules": rules});
    let made = api.post("/api/v1/policies", body).await.ok(201);
    assert_eq!(made["rules"], rules);
    let changed = json!({"rules": everything()});
    let path = "/api/v1/policies/r";
    let changed = api.write(reqwest::Method::PUT, path, changed).await.ok(200);
    assert_eq!(changed["version"], 2);
    let back = json!({"version": 1});
    let restored = api.post(&format!("{path}/restore"), back).await.ok(200);
    assert_eq!(restored["rules"], rules);
    assert_eq!(restored["version"], 3);
    let price = json!({"tools": "demo.*", "micros": 2000, "currency": "EUR"});
    let prices = "/api/v1/prices";
    let set = api.write(reqwest::Method::PUT, prices, price).await.ok(200);
    assert_eq!(set["micros"], 2000);
    api.delete("/api/v1/prices/demo.*").await.ok(204);
}
