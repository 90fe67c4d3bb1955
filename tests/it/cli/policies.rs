//! `ostia policies`, `plans` and `users`.

use super::{FAILED, USAGE, error, texts};
use crate::harness::ostia::Ostia;
use serde_json::json;

#[tokio::test]
async fn a_policy_is_made_changed_and_removed() {
    let ostia = Ostia::start().await;
    let args = ["policies", "create", "p", "--allow", "demo.*,time.get_*"];
    let policy = ostia.cli(&args).await.ok().json();
    // What is visible follows from what is allowed.
    assert_eq!(policy["rules"]["upstreams"], json!(["demo", "time"]));

    let args = [
        "policies",
        "update",
        "p",
        "--deny",
        "demo.slow",
        "--max-tier",
        "read",
    ];
    let policy = ostia.cli(&args).await.ok().json();
    assert_eq!(
        policy["rules"],
        json!({
            "upstreams": ["demo", "time"],
            "allow": ["demo.*", "time.get_*"],
            "deny": ["demo.slow"],
            "max_tier": "read",
        })
    );
    let args = [
        "policies",
        "update",
        "p",
        "--clear",
        "deny",
        "--max-tier",
        "write",
    ];
    let policy = ostia.cli(&args).await.ok().json();
    assert_eq!(policy["rules"]["deny"], json!([]));
    assert_eq!(policy["rules"]["max_tier"], "write");

    ostia.cli(&["policies", "delete", "p", "--yes"]).await.ok();
    let policies = ostia.cli(&["policies", "list"]).await.ok().json();
    assert_eq!(texts(&policies, "name"), ["read-only"]);
}

#[tokio::test]
async fn a_policy_that_would_allow_nothing_is_refused() {
    let ostia = Ostia::start().await;
    let refused = ostia.cli(&["policies", "create", "empty"]).await;
    assert_eq!(refused.code, USAGE);
    let refused = ostia
        .cli(&["policies", "delete", "read-only", "--yes"])
        .await;
    assert_eq!(
        (refused.code, error(&refused)["code"].as_str()),
        (FAILED, Some("conflict"))
    );
}

#[tokio::test]
async fn presets_can_be_listed_and_copied() {
    let ostia = Ostia::options().without_demo().start().await;
    let presets = ostia.cli(&["policies", "presets"]).await.ok().json();
    for preset in texts(&presets, "name") {
        let args = ["policies", "create", preset, "--preset", preset];
        assert_eq!(ostia.cli(&args).await.ok().json()["preset"], preset);
    }
}

#[tokio::test]
async fn plans_and_users_are_made_and_listed() {
    let ostia = Ostia::start().await;
    let args = ["plans", "create", "small", "--calls-per-minute", "60"];
    ostia.cli(&args).await.ok();
    let plans = ostia.cli(&["plans", "list"]).await.ok().json();
    assert_eq!(plans[0]["calls_per_minute"], 60);
    assert_eq!(plans[0]["max_in_flight"], json!(null));
    ostia.cli(&["plans", "delete", "small", "--yes"]).await.ok();

    let args = ["users", "create", "ann", "--policy", "read-only"];
    let user = ostia.cli(&args).await.ok().json();
    assert_eq!(user["role"], "member");
    assert_eq!(user["policies"], json!(["read-only"]));
    let link = ostia
        .cli(&["login-link", "ann", "--valid", "5m"])
        .await
        .ok()
        .json();
    let url = link["login_url"].as_str().expect("a link");
    assert!(
        url.starts_with(&format!("{}/login/", ostia.web_url)),
        "{url}"
    );
}

/// Versions, what is different between them, and what a key may do, from the command line alone.
#[tokio::test]
async fn a_change_is_seen_tested_and_taken_back() {
    let ostia = Ostia::start().await;
    let cli = async |args: &[&str]| ostia.cli(args).await;
    cli(&["policies", "create", "p", "--allow", "demo.*"])
        .await
        .ok();
    cli(&["keys", "create", "k", "--policy", "p"]).await.ok();
    let rule = r#"{"tools":["demo.echo"],"argument":"/message","regex":"[a-z]+"}"#;
    let limit = r#"{"tools":["*"],"timeout_ms":500}"#;
    let args = [
        "policies",
        "update",
        "p",
        "--argument",
        rule,
        "--constraint",
        limit,
    ];
    let policy = cli(&args).await.ok().json();
    assert_eq!(policy["version"], 2);
    assert_eq!(policy["rules"]["arguments"][0]["regex"], "[a-z]+");

    let test = [
        "policies",
        "test",
        "--key",
        "k",
        "--tool",
        "demo.echo",
        "--arguments",
    ];
    let allowed = cli(&[&test[..], &[r#"{"message":"abc"}"#]].concat())
        .await
        .ok()
        .json();
    assert_eq!(allowed["allowed"], true, "{allowed:#}");
    assert_eq!(allowed["timeout_ms"], 500);
    let denied = cli(&[&test[..], &[r#"{"message":"7"}"#]].concat()).await;
    assert_eq!(denied.code, FAILED);
    let told: serde_json::Value = serde_json::from_str(&denied.stdout).expect("JSON");
    assert_eq!(told["allowed"], false);

    let diff = cli(&["policies", "diff", "p"]).await.ok().json();
    assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
    assert_eq!(diff["removed"], json!({}));
    let added = diff["added"].as_object().expect("rules").keys();
    assert_eq!(added.collect::<Vec<_>>(), ["arguments", "constraints"]);
    cli(&["policies", "restore", "p", "--to", "1"]).await.ok();
    let versions = cli(&["policies", "versions", "p"]).await.ok().json();
    assert_eq!(versions.as_array().map(Vec::len), Some(3));
    cli(&[&test[..], &[r#"{"message":"7"}"#]].concat())
        .await
        .ok();
    let bad = cli(&[
        "policies",
        "create",
        "q",
        "--allow",
        "*",
        "--argument",
        "{}",
    ])
    .await;
    assert_eq!(bad.code, USAGE);
}
