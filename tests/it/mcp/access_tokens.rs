//! Access tokens: what a key is exchanged for.

use super::documented::assert_refused;
use crate::harness::{
    control::{self, Control},
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    wait,
};
use ostia_domain::code::Code;
use ostia_proto::{status::code_of, v1};
use serde_json::json;
use std::time::Duration;

const PROMISE: Duration = Duration::from_secs(2);

async fn exchange(control: &Control, key: &str) -> Result<String, tonic::Status> {
    let key = key.to_owned();
    let answer = control
        .keys()
        .exchange_key(v1::ExchangeKeyRequest { key })
        .await?;
    Ok(answer.into_inner().access_token)
}

async fn echo(endpoint: &Endpoint) -> Answer {
    let message = json!({"message": "x"});
    modern::call(endpoint, "demo__echo", &message).send().await
}

async fn becomes_401(endpoint: &Endpoint) -> Answer {
    let refused = wait::until(PROMISE, "the token is refused", || async {
        let answer = echo(endpoint).await;
        if answer.status == 401 {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    refused.await.0
}

/// It may do what its key may, and what is done with it is told as done with the key.
#[tokio::test]
async fn a_token_stands_for_its_key() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let made = control::key(&control, "narrow", control::everything_of(&["demo"])).await;
    let token = exchange(&control, &made.secret).await.expect("a token");
    assert!(token.starts_with("ost_at_") && !token.contains(&made.secret));
    let endpoint = Endpoint::new(&ostia.mcp_url, &token);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    let used = wait::until(Duration::from_secs(10), "the call is recorded", || async {
        let records = control::usage(&control).await;
        records.into_iter().next().ok_or("no record")
    });
    assert_eq!(used.await.0.key_name, "narrow");

    // Whatever ends the key, or the secret that was exchanged, ends the token.
    let key = made.key.expect("a key").id;
    let rotate = v1::RotateKeyRequest {
        key: key.clone(),
        overlap_seconds: 0,
    };
    let rotated = control
        .keys()
        .rotate_key(rotate)
        .await
        .expect("rotated")
        .into_inner();
    assert_refused(&becomes_401(&endpoint).await, 401, -31001, "key-expired");
    let token = exchange(&control, &rotated.secret).await.expect("a token");
    let endpoint = Endpoint::new(&ostia.mcp_url, &token);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    control
        .keys()
        .revoke_key(v1::RevokeKeyRequest { key })
        .await
        .expect("revoked");
    assert_refused(&becomes_401(&endpoint).await, 401, -31001, "key-revoked");
}

#[tokio::test]
async fn what_is_no_key_gets_no_token() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let made = control::key(&control, "narrow", control::everything_of(&["demo"])).await;
    let token = exchange(&control, &made.secret).await.expect("a token");
    let key = made.key.expect("a key").id;
    control
        .keys()
        .revoke_key(v1::RevokeKeyRequest { key })
        .await
        .expect("revoked");
    for (credential, code) in [
        (token.as_str(), Code::KeyMalformed),
        ("ost_live_nonsense", Code::KeyMalformed),
        (made.secret.as_str(), Code::KeyRevoked),
    ] {
        let refused = exchange(&control, credential).await.expect_err("no token");
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
        assert_eq!(code_of(&refused), Some(code));
        assert!(!refused.message().contains(credential), "{refused:?}");
    }
    let forged = format!("{}A", &token[..token.len() - 1]);
    let changed = if forged == token {
        format!("{}B", &token[..token.len() - 1])
    } else {
        forged
    };
    for nonsense in [changed.as_str(), "ost_at_", "ost_at_x.y"] {
        let endpoint = Endpoint::new(&ostia.mcp_url, nonsense);
        assert_refused(&echo(&endpoint).await, 401, -31001, "key-unknown");
    }
}
