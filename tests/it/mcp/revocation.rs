//! A change at control is in force at the edge within two seconds.

mod edges;

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

const PROMISE: Duration = Duration::from_secs(2);

async fn echo(endpoint: &Endpoint) -> Answer {
    modern::call(endpoint, "demo__echo", &json!({"message": "x"}))
        .send()
        .await
}

/// Waits for an answer with this status, as long as it was promised at most.
async fn becomes(endpoint: &Endpoint, status: u16) -> Answer {
    let asked = wait::until(PROMISE, "the change is in force at the edge", || async {
        let answer = echo(endpoint).await;
        if answer.status == status {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    asked.await.0
}

#[tokio::test]
async fn switching_off_and_on_and_revoking() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let made = control::key(&control, "key", control::everything_of(&["demo"])).await;
    let key = made.key.expect("a key").id;
    let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
    // Known to the edge, so that the change has to reach it.
    assert_eq!(echo(&endpoint).await.first_text(), "x");

    control
        .keys()
        .inactivate_key(v1::InactivateKeyRequest { key: key.clone() })
        .await
        .expect("inactive");
    assert_refused(&becomes(&endpoint, 401).await, 401, -31001, "key-inactive");
    control
        .keys()
        .activate_key(v1::ActivateKeyRequest { key: key.clone() })
        .await
        .expect("active");
    assert_eq!(becomes(&endpoint, 200).await.first_text(), "x");
    control
        .keys()
        .revoke_key(v1::RevokeKeyRequest { key })
        .await
        .expect("revoked");
    assert_refused(&becomes(&endpoint, 401).await, 401, -31001, "key-revoked");
}

#[tokio::test]
async fn rotation_keeps_the_old_secret_for_the_overlap_alone() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let made = control::key(&control, "key", control::everything_of(&["demo"])).await;
    let key = made.key.expect("a key").id;
    let old = Endpoint::new(&ostia.mcp_url, &made.secret);
    assert_eq!(echo(&old).await.status, 200);

    let rotate = v1::RotateKeyRequest {
        key: key.clone(),
        overlap_seconds: 3600,
    };
    let second = control
        .keys()
        .rotate_key(rotate)
        .await
        .expect("rotated")
        .into_inner()
        .secret;
    let second = old.with_key(&second);
    assert_eq!(
        (echo(&old).await.status, echo(&second).await.status),
        (200, 200)
    );

    let rotate = v1::RotateKeyRequest {
        key,
        overlap_seconds: 0,
    };
    let third = control
        .keys()
        .rotate_key(rotate)
        .await
        .expect("rotated")
        .into_inner()
        .secret;
    assert_eq!(echo(&old.with_key(&third)).await.status, 200);
    becomes(&old, 401).await;
    becomes(&second, 401).await;
    assert_eq!(echo(&old.with_key(&third)).await.status, 200);
}

#[tokio::test]
async fn a_policy_takes_effect_on_keys_in_use() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = control::key(&control, "p", control::everything_of(&["demo"]))
        .await
        .secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    assert_eq!(echo(&endpoint).await.first_text(), "x");

    let rules = v1::Rules {
        deny: vec!["demo.echo".to_owned()],
        ..control::everything_of(&["demo"])
    };
    let request = v1::UpdatePolicyRequest {
        policy: "p".to_owned(),
        rules: Some(rules),
    };
    control
        .policies()
        .update_policy(request)
        .await
        .expect("updated");
    let asked = wait::until(PROMISE, "the policy is in force at the edge", || async {
        let answer = echo(&endpoint).await;
        if answer.json().get("error").is_some() {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    assert_refused(&asked.await.0, 200, -32602, "tool-unavailable");
    assert!(
        !modern::tools(&endpoint)
            .await
            .contains(&"demo__echo".to_owned())
    );
}

/// Scripts make a key and use it in the next line.
#[tokio::test]
async fn a_key_works_as_soon_as_it_was_made() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    for n in 0..20 {
        let name = format!("fresh-{n}");
        control::policy(&control, &name, control::everything_of(&["demo"])).await;
        let request = v1::CreateKeyRequest {
            policies: vec![name.clone()],
            ..control::named(&name)
        };
        let secret = control::create_key(&control, request).await.secret;
        let answer = echo(&Endpoint::new(&ostia.mcp_url, &secret)).await;
        assert_eq!(answer.first_text(), "x", "the key {name}");
    }
}

#[tokio::test]
async fn an_upstream_that_is_removed_is_gone() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    assert_eq!(modern::tools(&endpoint).await.len(), 4);
    control
        .upstreams()
        .remove_upstream(v1::RemoveUpstreamRequest {
            upstream: "demo".to_owned(),
        })
        .await
        .expect("removed");
    let gone = wait::until(PROMISE, "its tools are gone", || async {
        let tools = modern::tools(&endpoint).await;
        if tools.is_empty() { Ok(()) } else { Err(tools) }
    });
    gone.await;
    assert_refused(&echo(&endpoint).await, 200, -32602, "tool-unavailable");
}
