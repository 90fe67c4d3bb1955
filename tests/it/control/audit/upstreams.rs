//! What audit tells of a change to an upstream: all but secrets.

use crate::control::fixture::{Fixture, definition, owned, start};
use ostia_proto::v1::{self, http_endpoint::Credential, upstream_definition::Transport};
use serde_json::{Value, json};

/// Before and after, of the newest change.
async fn told(control: &Fixture) -> [Value; 2] {
    let event = control.events().await.pop().expect("an event");
    let mut detail: Value = serde_json::from_str(&event.detail).expect("JSON");
    ["before", "after"].map(|side| detail[side].take())
}

async fn change(control: &Fixture, to: v1::UpstreamDefinition) -> [Value; 2] {
    let request = v1::UpdateUpstreamRequest {
        upstream: to.name.clone(),
        definition: Some(to),
        version: None,
    };
    let updated = control.client.upstreams().update_upstream(request).await;
    updated.expect("an update");
    told(control).await
}

fn with(args: &[&str], cwd: Option<&str>) -> v1::UpstreamDefinition {
    v1::UpstreamDefinition {
        transport: Some(Transport::Stdio(v1::StdioCommand {
            program: "npx".to_owned(),
            args: owned(args),
            cwd: cwd.map(str::to_owned),
            ..v1::StdioCommand::default()
        })),
        ..definition("tools", &[])
    }
}

#[tokio::test]
async fn another_package_for_the_same_program_is_seen() {
    let control = start().await;
    control.add_upstream("tools", &[]).await.expect("add");
    let [before, after] = change(&control, with(&["-y", "@acme/mcp"], None)).await;
    assert_eq!(before["args"], json!(["--stdio"]));
    assert_eq!(after["args"], json!(["-y", "@acme/mcp"]));
    let [before, after] = change(&control, with(&["-y", "@evil/mcp"], Some("/srv"))).await;
    assert_eq!(before["args"], json!(["-y", "@acme/mcp"]));
    assert_eq!(after["args"], json!(["-y", "@evil/mcp"]));
    assert_eq!(
        (&before["cwd"], &after["cwd"]),
        (&Value::Null, &json!("/srv"))
    );
    for secret in ["hunter2", "hunter3"] {
        let [before, after] = change(&control, with(&["--api-key", secret], None)).await;
        assert_eq!(after["args"], json!(["--api-key", "•••"]));
        assert_ne!(before["args_sha256"], after["args_sha256"]);
        assert!(!after.to_string().contains(secret), "{after}");
    }
}

#[tokio::test]
async fn limits_and_where_tokens_come_from_are_seen() {
    let control = start().await;
    control.add_upstream("tools", &[]).await.expect("add");
    let hosted = |private, scope: &str| v1::UpstreamDefinition {
        transport: Some(Transport::Http(v1::HttpEndpoint {
            url: "https://example.com/mcp".to_owned(),
            allow_private_network: private,
            credential: Some(Credential::ClientCredentials(v1::ClientCredentials {
                token_url: "https://login.example.com/token".to_owned(),
                client_id: "ostia".to_owned(),
                client_secret: "hunter2".to_owned(),
                scopes: owned(&[scope]),
                ..v1::ClientCredentials::default()
            })),
            ..v1::HttpEndpoint::default()
        })),
        ..definition("tools", &[])
    };
    change(&control, hosted(false, "read")).await;
    let [before, after] = change(&control, hosted(true, "admin")).await;
    assert_eq!(
        (
            &before["allow_private_network"],
            &after["allow_private_network"]
        ),
        (&json!(false), &json!(true))
    );
    let credential = &after["credential"];
    assert_eq!(credential["scopes"], json!(["admin"]));
    assert_eq!(credential["client_id"], "ostia");
    assert_eq!(credential["token_url"], "https://login.example.com/token");
    assert!(!after.to_string().contains("hunter2"), "{after}");
    for limit in [
        "min_idle",
        "max_workers",
        "queue_timeout_ms",
        "idle_timeout_ms",
    ] {
        assert!(after["pool"][limit].is_u64(), "{limit}: {after}");
    }
    assert_eq!(after["call_timeout_ms"], 300_000);
    assert_eq!(after["enabled"], true);
}
