//! What audit keeps of arguments, where an upstream wants that.

use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams, wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

const CANARY: &str = "hunter2-in-arguments";

/// A service account of this role, and a key of it.
pub(super) async fn account(control: &Control, name: &str, role: v1::Role) -> String {
    let account = v1::CreateUserRequest {
        name: name.to_owned(),
        role: role.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let made = control.identity().create_user(account).await;
    made.expect("an account");
    let key = v1::CreateKeyRequest {
        owner: Some(name.to_owned()),
        ..control::named(name)
    };
    control::create_key(control, key).await.secret
}

/// The event of the only call of a tool.
async fn event(ostia: &Ostia, tool: &str) -> Value {
    let list = ["audit", "list", "--tool", tool];
    let told = wait::until(
        Duration::from_secs(20),
        "the call is written down",
        || async {
            let events = ostia.cli(&list).await.ok().json();
            match events[0].clone() {
                Value::Null => Err(events),
                event => Ok(event),
            }
        },
    );
    told.await.0
}

#[tokio::test]
async fn arguments_are_kept_without_secrets_for_auditors_alone() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("kept", "faulty.py", &[])
        .with(|definition| definition.keep_arguments = true)
        .add(&control)
        .await;
    upstreams::script("plain", "faulty.py", &[])
        .add(&control)
        .await;
    let key = control::master_key(&control, "agent").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let arguments = json!({
        "message": format!("deploy with {key} and --password {CANARY}"),
        "password": CANARY,
        "number": 7,
    });
    for upstream in ["kept", "plain"] {
        let tool = format!("{upstream}__echo");
        modern::call(&endpoint, &tool, &arguments).send().await;
    }
    let (kept, plain) = (
        event(&ostia, "kept.echo").await,
        event(&ostia, "plain.echo").await,
    );
    assert_eq!(plain["detail"], Value::Null, "{plain}");
    assert!(kept["detail"]["kept_arguments"].is_string(), "{kept}");
    assert_eq!(kept["arguments_digest"], plain["arguments_digest"]);

    let auditor = account(&control, "auditor", v1::Role::Auditor).await;
    let read = async |event: &Value, token: Option<&str>| {
        let event = event["id"].as_str().expect("an id");
        let env = token.map(|token| ("OSTIA_SERVICE_TOKEN", token));
        let args = ["audit", "arguments", event];
        ostia.cli_with(&args, env.as_slice()).await
    };
    let shown = read(&kept, Some(&auditor)).await.ok().json();
    assert_eq!(shown["intact"], true);
    assert_eq!(shown["cut"], false);
    assert_eq!(
        shown["arguments"],
        json!({
            "message": "deploy with ••• and --password •••",
            "password": "•••",
            "number": 7,
        })
    );
    let nothing = read(&plain, Some(&auditor)).await;
    assert!(nothing.stderr.contains("no-such-object"), "{nothing:?}");

    // Nobody else: neither the installation itself nor who administers it.
    let mut others = vec![None];
    for (name, role) in [
        ("root", v1::Role::Administrator),
        ("operator", v1::Role::Operator),
    ] {
        others.push(Some(account(&control, name, role).await));
    }
    for other in others {
        let refused = read(&kept, other.as_deref()).await;
        assert!(refused.code != Some(0), "{refused:?}");
        assert!(refused.stderr.contains("forbidden"), "{refused:?}");
        assert!(!refused.stdout.contains("deploy"), "{refused:?}");
    }
    let reads = ["audit", "list", "--action", "audit.read_arguments"];
    let reads = ostia.cli(&reads).await.ok().json();
    let reads = reads.as_array().expect("events");
    assert_eq!(reads.len(), 1, "{reads:?}");
    assert_eq!(reads[0]["actor"], "service:auditor");
    assert_eq!(reads[0]["target"], "kept.echo");
    assert_eq!(reads[0]["detail"]["event"], kept["id"]);
}

/// What was refused is kept too: somebody tried it.
#[tokio::test]
async fn arguments_of_a_call_that_is_refused_are_kept() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("kept", "faulty.py", &[])
        .with(|definition| definition.keep_arguments = true)
        .add(&control)
        .await;
    let nothing = v1::Rules {
        deny: vec!["*.echo".to_owned()],
        ..control::everything_of(&["*"])
    };
    let key = control::key(&control, "agent", nothing).await.secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let refused = modern::call(&endpoint, "kept__echo", &json!({"message": "try"}));
    refused.send().await.refusal();
    let event = event(&ostia, "kept.echo").await;
    assert_eq!(event["outcome"], "denied", "{event}");
    let auditor = account(&control, "auditor", v1::Role::Auditor).await;
    let id = event["id"].as_str().expect("an id");
    let args = ["audit", "arguments", id];
    let shown = ostia
        .cli_with(&args, &[("OSTIA_SERVICE_TOKEN", &auditor)])
        .await;
    assert_eq!(shown.ok().json()["arguments"], json!({"message": "try"}));
}
