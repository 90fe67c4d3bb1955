//! Calls, written down.

use super::fixture::{Fixture, assert_refused, start};
use crate::harness::wait::until;
use ostia_domain::{clock, code::Code};
use ostia_proto::v1;
use std::time::Duration;
use tonic::{Code as Grpc, Status};
use uuid::{ContextV7, Timestamp, Uuid};

/// A call that went well, of nobody.
pub(super) fn call(upstream: &str, tool: &str) -> v1::CallRecord {
    v1::CallRecord {
        id: Uuid::now_v7().as_bytes().to_vec(),
        at_us: clock::now().timestamp_micros(),
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        method: "tools/call".to_owned(),
        upstream: Some(upstream.to_owned()),
        tool: Some(tool.to_owned()),
        outcome: "ok".to_owned(),
        duration_us: 1_234,
        request_bytes: 10,
        result_bytes: 20,
        ..v1::CallRecord::default()
    }
}

pub(super) fn id(text: &str) -> Vec<u8> {
    let id = Uuid::try_parse(text).expect("a UUID");
    id.as_bytes().to_vec()
}

/// The same at another time, with an id of then. Ids of one millisecond are in no order.
pub(super) fn made_at(at: clock::Timestamp, record: v1::CallRecord) -> v1::CallRecord {
    let seconds = u64::try_from(at.timestamp()).expect("after 1970");
    let moment = Timestamp::from_unix(ContextV7::new(), seconds, at.timestamp_subsec_nanos());
    v1::CallRecord {
        id: Uuid::new_v7(moment).as_bytes().to_vec(),
        at_us: at.timestamp_micros(),
        ..record
    }
}

pub(super) async fn record(control: &Fixture, records: Vec<v1::CallRecord>) -> Result<(), Status> {
    let request = v1::RecordRequest { records };
    control.client.sync().record(request).await?;
    Ok(())
}

/// Audit events of calls, oldest first.
async fn calls(control: &Fixture) -> Vec<v1::AuditEvent> {
    let events = control.events().await;
    events
        .into_iter()
        .filter(|event| event.detail.is_empty() || event.detail.contains("presented_key"))
        .collect()
}

#[tokio::test]
async fn a_call_is_one_usage_record_and_one_audit_event() {
    let control = start().await;
    let key = control.key("build").await.key.expect("a key");
    let sent = v1::CallRecord {
        caller: Some(v1::RecordedCaller {
            key_id: id(&key.id),
            key_name: "build".to_owned(),
            owner_id: id(&key.owner_id),
            owner_name: "ada".to_owned(),
        }),
        rule: Some("all: allow *".to_owned()),
        arguments_digest: Some(vec![0xab; 32]),
        remote_address: Some("192.0.2.1".to_owned()),
        client: Some("some/1".to_owned()),
        ..call("github", "search")
    };
    record(&control, vec![sent.clone()])
        .await
        .expect("recorded");

    let usage = control.usage().await.pop().expect("a record");
    assert_eq!(id(&usage.id), sent.id);
    assert_eq!((&usage.key_id, usage.key_name.as_str()), (&key.id, "build"));
    assert_eq!(
        (usage.upstream.as_str(), usage.tool.as_str()),
        ("github", "search")
    );
    assert_eq!(
        (usage.duration_us, usage.request_bytes, usage.result_bytes),
        (1_234, 10, 20)
    );
    let event = calls(&control).await.pop().expect("an event");
    assert_eq!(id(&event.id), sent.id);
    assert_eq!(id(&event.request_id), sent.request_id);
    assert_eq!(event.at, usage.at);
    let at = event.at.as_ref().expect("a time");
    assert_eq!(
        at.seconds * 1_000_000 + i64::from(at.nanos / 1_000),
        sent.at_us
    );
    assert_eq!(
        (event.actor.as_str(), &event.key_id),
        ("key:build", &key.id)
    );
    assert_eq!(event.user_id, key.owner_id);
    assert_eq!(
        (event.action.as_str(), event.target.as_str()),
        ("tools/call", "github.search")
    );
    assert_eq!(
        (event.outcome.as_str(), event.rule.as_str()),
        ("ok", "all: allow *")
    );
    assert_eq!(event.arguments_digest, "ab".repeat(32));
    assert_eq!(
        (event.remote_address.as_str(), event.client.as_str()),
        ("192.0.2.1", "some/1")
    );
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let control = start().await;
    // Enough for every size of statement, and a rest.
    let batch: Vec<_> = (0..150).map(|n| call("github", &n.to_string())).collect();
    record(&control, batch[..100].to_vec())
        .await
        .expect("recorded");
    record(&control, batch.clone()).await.expect("recorded");
    record(&control, batch.clone()).await.expect("recorded");
    let sent: Vec<_> = (0..150).map(|n| n.to_string()).collect();
    let kept = control.usage().await.into_iter().map(|r| r.tool);
    assert_eq!(kept.collect::<Vec<_>>(), sent);
    assert_eq!(calls(&control).await.len(), sent.len());
}

#[tokio::test]
async fn only_calls_of_tools_are_usage() {
    let control = start().await;
    let list = v1::CallRecord {
        method: "tools/list".to_owned(),
        upstream: None,
        tool: None,
        ..call("", "")
    };
    record(&control, vec![list]).await.expect("recorded");
    assert_eq!(control.usage().await, []);
    assert_eq!(calls(&control).await[0].action, "tools/list");
}

#[tokio::test]
async fn a_refused_key_is_no_actor_but_is_told_of() {
    let control = start().await;
    let refused = v1::CallRecord {
        presented_key: Some("0a1B2c3D4e5F".to_owned()),
        outcome: "unauthenticated".to_owned(),
        error: Some("key-revoked".to_owned()),
        upstream: None,
        ..call("", "search")
    };
    record(&control, vec![refused]).await.expect("recorded");
    let event = calls(&control).await.pop().expect("an event");
    assert_eq!(
        (event.actor.as_str(), event.error.as_str()),
        ("anonymous", "key-revoked")
    );
    assert_eq!(event.detail, r#"{"presented_key":"0a1B2c3D4e5F"}"#);
    assert_eq!(event.target, "search");
}

#[tokio::test]
async fn what_a_client_calls_itself_never_holds_up_a_batch() {
    let control = start().await;
    let odd = v1::CallRecord {
        client: Some("nul\0 and 'quotes'; DROP TABLE audit_events".to_owned()),
        duration_us: u64::MAX,
        ..call("github", "a\0b")
    };
    let unreadable = v1::CallRecord {
        id: vec![1, 2, 3],
        ..call("github", "lost")
    };
    record(&control, vec![odd, unreadable, call("github", "kept")])
        .await
        .expect("recorded");
    let tools: Vec<_> = control.usage().await.into_iter().map(|r| r.tool).collect();
    assert_eq!(tools, ["a\u{fffd}b", "kept"]);
}

#[tokio::test]
async fn a_batch_has_a_limit() {
    let control = start().await;
    let most = vec![call("github", "a"); 1_000];
    record(&control, most.clone()).await.expect("recorded");
    let more = [most, vec![call("github", "a")]].concat();
    let refused = record(&control, more).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    record(&control, Vec::new()).await.expect("nothing to do");
}

#[tokio::test]
async fn a_recorded_call_is_a_use_of_its_key() {
    let control = start().await;
    let key = control.key("build").await.key.expect("a key");
    let sent = v1::CallRecord {
        caller: Some(v1::RecordedCaller {
            key_id: id(&key.id),
            key_name: key.name.clone(),
            owner_id: id(&key.owner_id),
            owner_name: key.owner_name.clone(),
        }),
        ..call("github", "a")
    };
    record(&control, vec![sent]).await.expect("recorded");
    let used = || async {
        let key = control.get_key(&key.id).await.expect("the key");
        key.last_used_at.ok_or("not used")
    };
    until(Duration::from_secs(5), "the use is noted", used).await;
}

#[tokio::test]
async fn what_was_noted_is_written_before_control_closes() {
    let control = start().await;
    let created = control.key("build").await;
    control.authenticate(&created.secret).await.expect("ada");
    control.control.close().await;
    let again = control.replica().await;
    let key = created.key.expect("a key").id;
    let key = again
        .client()
        .keys()
        .get_key(v1::GetKeyRequest { key, owner: None })
        .await;
    assert!(key.expect("the key").into_inner().last_used_at.is_some());
}
