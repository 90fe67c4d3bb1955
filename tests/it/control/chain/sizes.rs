//! The two forms of hashed events: with sizes, and as they were before.

use super::{intact, problems, ten_calls};
use crate::control::{
    fixture::{Fixture, start},
    records::{call, record},
};
use ostia_domain::code::Code;
use ostia_proto::v1;
use ring::digest::{Context, SHA256};
use std::fmt::Write as _;
use uuid::Uuid;

/// As `docs/audit.md` has it.
fn hash(form: &str, event: &v1::AuditEvent) -> String {
    let mut bytes = Vec::new();
    let id = |id: &str| (!id.is_empty()).then(|| Uuid::parse_str(id).expect("an id"));
    let text = |bytes: &mut Vec<u8>, value: Option<&[u8]>| match value {
        None => bytes.push(0),
        Some(value) => {
            bytes.push(2);
            let length = u32::try_from(value.len()).expect("short");
            bytes.extend(length.to_be_bytes());
            bytes.extend(value);
        }
    };
    let number = |bytes: &mut Vec<u8>, value: Option<u64>| match value {
        None => bytes.push(0),
        Some(value) => {
            bytes.push(1);
            bytes.extend(value.to_be_bytes());
        }
    };
    let at = event.at.expect("a time");
    let micros = at.seconds.unsigned_abs() * 1_000_000 + u64::from(at.nanos.unsigned_abs()) / 1_000;
    let some = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    let ids = [&event.id, &event.request_id, &event.key_id, &event.user_id];
    let [own, request, key, user] = ids.map(|text| id(text).map(Uuid::into_bytes));
    text(&mut bytes, own.as_ref().map(<[u8; 16]>::as_slice));
    number(&mut bytes, Some(micros));
    text(&mut bytes, request.as_ref().map(<[u8; 16]>::as_slice));
    text(&mut bytes, some(&event.actor).as_deref());
    text(&mut bytes, key.as_ref().map(<[u8; 16]>::as_slice));
    text(&mut bytes, user.as_ref().map(<[u8; 16]>::as_slice));
    for value in [
        &event.action,
        &event.target,
        &event.outcome,
        &event.error,
        &event.rule,
    ] {
        text(&mut bytes, some(value).as_deref());
    }
    assert_eq!(event.arguments_digest, "", "these calls have none");
    text(&mut bytes, None);
    number(&mut bytes, Some(event.duration_us));
    for value in [&event.remote_address, &event.client, &event.detail] {
        text(&mut bytes, some(value).as_deref());
    }
    number(&mut bytes, Some(u64::from(event.kind == "changes")));
    if form == "ostia audit 2" {
        number(&mut bytes, event.request_bytes);
        number(&mut bytes, event.result_bytes);
        number(&mut bytes, event.upstream_status.map(u64::from));
    }
    let mut context = Context::new(&SHA256);
    context.update(form.as_bytes());
    context.update(&unhex(&event.previous_hash));
    context.update(id(&event.writer).expect("a writer").as_bytes());
    context.update(&event.sequence.to_be_bytes());
    context.update(&bytes);
    hex(context.finish().as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    let bytes = pairs.map(|pair| u8::from_str_radix(&pair, 16).expect("hex"));
    bytes.collect()
}

async fn last_call(control: &Fixture) -> v1::AuditEvent {
    let calls = control.events().await.into_iter().rev();
    let mut calls = calls.filter(|event| event.kind == "calls");
    calls.next().expect("a call")
}

#[tokio::test]
async fn a_call_has_its_sizes_and_the_status_of_its_upstream() {
    let control = start().await;
    control.policy("some").await;
    let answered = v1::CallRecord {
        upstream_status: Some(429),
        ..call("github", "search")
    };
    let odd = v1::CallRecord {
        upstream_status: Some(70_000),
        request_bytes: u64::MAX,
        ..call("github", "search")
    };
    let refused = v1::CallRecord {
        outcome: "unauthenticated".to_owned(),
        error: Some(Code::KeyMissing.as_str().to_owned()),
        request_bytes: 0,
        result_bytes: 0,
        ..call("github", "search")
    };
    let records = vec![answered, odd, refused];
    record(&control, records).await.expect("recorded");
    let events = control.events().await;
    let sizes = |event: &v1::AuditEvent| {
        (
            event.request_bytes,
            event.result_bytes,
            event.upstream_status,
        )
    };
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "calls")
        .map(sizes)
        .collect();
    // What no call has is written as the most that one may have, and no status as none.
    let expected = [
        (Some(10), Some(20), Some(429)),
        (Some(1 << 40), Some(20), None),
        (Some(0), Some(0), None),
    ];
    assert_eq!(told, expected);
    for event in &events {
        let form = if event.kind == "calls" {
            "ostia audit 2"
        } else {
            "ostia audit 1"
        };
        assert_eq!(hash(form, event), event.hash, "{event:#?}");
        assert_eq!(
            event.request_bytes.is_some(),
            event.kind == "calls",
            "{event:?}"
        );
    }
    intact(&control).await;
}

/// What was written before sizes were kept is as it was, and nobody can make the one out of the other.
#[tokio::test]
async fn chains_of_before_are_whole() {
    let control = ten_calls().await;
    let last = last_call(&control).await;
    assert_eq!(hash("ostia audit 2", &last), last.hash);
    let none = "request_bytes = NULL, result_bytes = NULL, upstream_status = NULL";
    let of = format!("WHERE kind = 0 AND seq = {}", last.sequence);
    control
        .sql(&format!("UPDATE audit_events SET {none} {of}"))
        .await;
    let told = problems(&control).await;
    assert_eq!(told, [(last.sequence, super::CHANGED.to_owned())]);
    let before = hash("ostia audit 1", &last);
    let literal = if control.database.url.starts_with("sqlite:") {
        format!("x'{before}'")
    } else {
        format!("'\\x{before}'")
    };
    control
        .sql(&format!("UPDATE audit_events SET hash = {literal} {of}"))
        .await;
    let head = format!("head_seq = {} AND kind = 0", last.sequence);
    let head = format!("UPDATE audit_writers SET head_hash = {literal} WHERE {head}");
    control.sql(&head).await;
    let verified = intact(&control).await;
    assert!(verified.checked >= 10, "{verified:?}");
    let sized = format!("UPDATE audit_events SET result_bytes = 20 {of}");
    control.sql(&sized).await;
    assert_eq!(problems(&control).await, told);
}
