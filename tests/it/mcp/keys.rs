//! Keys that do not open the door, each with the answer its page promises.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, Exchange, modern},
    ostia::Ostia,
    wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

fn list(endpoint: &Endpoint) -> Exchange {
    modern::request(endpoint, 1, "tools/list", &json!({}))
}

#[track_caller]
fn assert_key_refused(answer: &Answer, code: &str) {
    assert_refused(answer, 401, -31001, code);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer"), "{challenge}");
    // Metadata would send clients that have a key into a login they do not need.
    assert!(!challenge.contains("resource_metadata"), "{challenge}");
    assert_eq!(
        challenge.contains("invalid_token"),
        code != "key-missing",
        "{challenge}"
    );
}

#[tokio::test]
async fn keys_that_are_none() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    assert_key_refused(
        &list(&Endpoint::anonymous(&ostia.mcp_url)).send().await,
        "key-missing",
    );
    assert_key_refused(
        &list(&endpoint)
            .header("authorization", "Basic YTpi")
            .send()
            .await,
        "key-malformed",
    );
    for malformed in [
        "x",
        "ost_live_short",
        "sk-ant-0123456789",
        &ostia.key[..ostia.key.len() - 1],
        &format!("{}0", ostia.key),
    ] {
        assert_key_refused(
            &list(&endpoint.with_key(malformed)).send().await,
            "key-malformed",
        );
    }
    let mut miscopied = ostia.key.clone();
    let last = if miscopied.ends_with('0') { "1" } else { "0" };
    miscopied.replace_range(miscopied.len() - 1.., last);
    assert_key_refused(
        &list(&endpoint.with_key(&miscopied)).send().await,
        "key-malformed",
    );

    let id = ostia_domain::key::public_id([7; ostia_domain::key::PUBLIC_ID_BYTES]);
    let stranger = ostia_domain::key::mint(ostia_domain::key::Mode::Live, &id, [9; 32]);
    assert_key_refused(
        &list(&endpoint.with_key(stranger.expose())).send().await,
        "key-unknown",
    );
}

/// A right public id with a wrong secret is no more than an unknown key.
#[tokio::test]
async fn a_known_id_with_a_wrong_secret() {
    let ostia = Ostia::start().await;
    let real = ostia_domain::key::Presented::parse(&ostia.key).expect("a key");
    let forged = ostia_domain::key::mint(real.mode, &real.public_id(), [1; 32]);
    let endpoint = Endpoint::new(&ostia.mcp_url, forged.expose());
    assert_key_refused(&list(&endpoint).send().await, "key-unknown");
    assert_eq!(
        list(&endpoint.with_key(&ostia.key)).send().await.status,
        200
    );
}

#[tokio::test]
async fn keys_that_were_good_once() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let create = async |name: &str, expires_in_seconds: Option<u64>| {
        let policies = vec!["read-only".to_owned()];
        let request = v1::CreateKeyRequest {
            policies,
            expires_in_seconds,
            ..control::named(name)
        };
        control::create_key(&control, request).await
    };
    let id = |made: &v1::CreateKeyResponse| made.key.as_ref().expect("a key").id.clone();

    let revoked = create("revoked", None).await;
    control
        .keys()
        .revoke_key(v1::RevokeKeyRequest { key: id(&revoked) })
        .await
        .expect("revoked");
    assert_key_refused(
        &list(&endpoint.with_key(&revoked.secret)).send().await,
        "key-revoked",
    );

    let inactive = create("inactive", None).await;
    control
        .keys()
        .inactivate_key(v1::InactivateKeyRequest { key: id(&inactive) })
        .await
        .expect("inactive");
    assert_key_refused(
        &list(&endpoint.with_key(&inactive.secret)).send().await,
        "key-inactive",
    );

    let deleted = create("deleted", None).await;
    control
        .keys()
        .delete_key(v1::DeleteKeyRequest { key: id(&deleted) })
        .await
        .expect("deleted");
    assert_key_refused(
        &list(&endpoint.with_key(&deleted.secret)).send().await,
        "key-unknown",
    );

    // Used first, so that the edge has it in memory when it ends.
    let short = create("short", Some(2)).await;
    let expiring = endpoint.with_key(&short.secret);
    assert_eq!(list(&expiring).send().await.status, 200);
    let refused = wait::until(Duration::from_secs(6), "the key ends", || async {
        let answer = list(&expiring).send().await;
        if answer.status == 401 {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    assert_key_refused(&refused.await.0, "key-expired");
}

/// Whoever is not allowed in learns nothing about what the endpoint thinks of the body.
#[tokio::test]
async fn authentication_comes_before_the_body() {
    let ostia = Ostia::start().await;
    let anonymous = Endpoint::anonymous(&ostia.mcp_url);
    assert_key_refused(&anonymous.post("{not json").send().await, "key-missing");
}
