//! What is known of the uses of a key, and of those that were refused.

use crate::{
    control::{
        criteria::of,
        fixture::start,
        records::{call, record},
    },
    harness::wait::until,
};
use ostia_proto::v1;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn a_use_that_does_not_say_by_whom_does_not_take_that_away() {
    let control = start().await;
    let made = control.key("build").await;
    let key = made.key.expect("a key");
    let noted = async || {
        let noted = until(Duration::from_secs(10), "the use is noted", || async {
            let key = control.get_key(&key.id).await.expect("the key");
            key.last_used_at.is_some().then_some(key.clone()).ok_or(key)
        });
        let (key, _) = noted.await;
        (key.last_used_address, key.last_used_client)
    };
    let by = ("192.0.2.7".to_owned(), "someone/1".to_owned());
    let by_an_edge = v1::CallRecord {
        remote_address: Some(by.0.clone()),
        client: Some(by.1.clone()),
        ..of(&key, call("github", "search"))
    };
    record(&control, vec![by_an_edge]).await.expect("recorded");
    assert_eq!(noted().await, by);
    // Another control has no note of its own yet.
    let replica = control.replica().await;
    control.sql("UPDATE api_keys SET last_used_at = NULL").await;
    let request = v1::AuthenticateRequest {
        key: made.secret,
        ..v1::AuthenticateRequest::default()
    };
    let used = replica.client().sync().authenticate(request).await;
    used.expect("a use");
    assert_eq!(noted().await, by);
    replica.close().await;
}

/// An edge asks about a secret once, and uses it for hours: what it records says with which secret.
#[tokio::test]
async fn of_two_secrets_the_one_that_is_used_is_known() {
    let control = start().await;
    let made = control.key("build").await;
    let key = made.key.expect("a key");
    let rotated = control.rotate(&key.id, 24 * 3_600).await;
    let secret_of = async |text: &str| {
        let principal = control.authenticate(text).await.expect("accepted");
        principal.secret_id.expect("which secret")
    };
    let (old, new) = (
        secret_of(&made.secret).await,
        secret_of(&rotated.secret).await,
    );
    let secrets = rotated.key.expect("the key").secrets;
    let ids: Vec<_> = secrets.iter().map(|secret| &secret.id).collect();
    assert_eq!(ids, [&new, &old]);
    // Which were uses, too: another control knows of none.
    let noted = until(Duration::from_secs(10), "they are noted", || async {
        let key = control.get_key(&key.id).await.expect("the key");
        let noted = key
            .secrets
            .iter()
            .all(|secret| secret.last_used_at.is_some());
        if noted { Ok(()) } else { Err(key) }
    });
    noted.await;
    let forget = "UPDATE api_key_secrets SET last_used_at = NULL";
    control.sql(forget).await;
    let replica = control.replica().await;
    let used = |secret: Option<&str>| v1::CallRecord {
        secret_id: secret.map(|id| Uuid::parse_str(id).expect("an id").as_bytes().to_vec()),
        ..of(&key, call("github", "search"))
    };
    let records = vec![used(None), used(Some(&old)), used(Some(&old))];
    let request = v1::RecordRequest { records };
    let recorded = replica.client().sync().record(request).await;
    recorded.expect("recorded");
    let noted = until(Duration::from_secs(10), "the old one is noted", || async {
        let key = control.get_key(&key.id).await.expect("the key");
        let used: Vec<_> = key
            .secrets
            .iter()
            .map(|secret| secret.last_used_at.is_some())
            .collect();
        if used.contains(&true) {
            Ok(used)
        } else {
            Err(used)
        }
    });
    assert_eq!(noted.await.0, [false, true]);
    replica.close().await;
}

#[tokio::test]
async fn uses_of_a_revoked_key_are_found_by_the_key() {
    let control = start().await;
    let key = control.key("build").await.key.expect("a key");
    let refused = |error: &str| v1::CallRecord {
        presented_key: Some(key.public_id.clone()),
        outcome: "unauthenticated".to_owned(),
        error: Some(error.to_owned()),
        ..call("github", "search")
    };
    let records = vec![refused("key-revoked"), refused("key-unknown")];
    record(&control, records).await.expect("recorded");
    let request = v1::ListEventsRequest {
        outcome: Some("unauthenticated".to_owned()),
        key: Some(key.id.clone()),
        ..v1::ListEventsRequest::default()
    };
    let events = control.client.audit().list_events(request).await;
    let events = events.expect("events").into_inner().events;
    // Anybody may name a key; only with its secret is one told that it was revoked.
    let [event] = events.try_into().expect("one event");
    assert_eq!(event.error, "key-revoked");
    assert_eq!(
        (event.key_id, event.actor),
        (key.id, "anonymous".to_owned())
    );
}
