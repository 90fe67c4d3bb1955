//! What audit has about one key, for whoever may see the key.

use crate::control::{
    criteria::of,
    fixture::{assert_refused, new_key, start},
    records::{call, made_at, record},
};
use chrono::TimeDelta;
use ostia_domain::{clock, code::Code};
use ostia_proto::{ControlClient, convert::timestamp, v1};
use tonic::{Code as Grpc, Status};
use uuid::Uuid;

async fn asked(
    client: &ControlClient,
    key: &str,
    (page_size, page_token): (u32, &str),
) -> Result<v1::ListKeyEventsResponse, Status> {
    let request = v1::ListKeyEventsRequest {
        key: key.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let events = client.keys().list_key_events(request).await?;
    Ok(events.into_inner())
}

fn actions(events: &v1::ListKeyEventsResponse) -> Vec<(&str, &str)> {
    let changes = events.changes.iter();
    changes
        .map(|event| (&*event.action, &*event.actor))
        .collect()
}

#[tokio::test]
async fn an_owner_sees_who_changed_a_key_and_who_used_it() {
    let control = start().await;
    let member = async |name: &str| {
        let user = control.user(name, v1::Role::Member, &["all"]).await;
        let id = Uuid::parse_str(&user.id).expect("an id");
        control.client.on_behalf_of(id)
    };
    let (bob, eve) = (member("bob").await, member("eve").await);
    let made = bob.keys().create_key(new_key("build")).await;
    let key = made.expect("a key").into_inner().key.expect("a key");
    let made = bob.keys().create_key(new_key("other")).await;
    let other = made.expect("a key").into_inner().key.expect("a key");
    let request = v1::IssueAccessTokenRequest {
        key: key.id.clone(),
    };
    bob.keys()
        .issue_access_token(request)
        .await
        .expect("a token");
    control.inactivate(&key.id).await;
    let now = clock::now();
    let request = |ago, address: &str, client: Option<&str>, key: &v1::Key| {
        let record = v1::CallRecord {
            remote_address: Some(address.to_owned()),
            client: client.map(str::to_owned),
            ..of(key, call("github", "search"))
        };
        made_at(now - TimeDelta::seconds(ago), record)
    };
    let list = v1::CallRecord {
        method: "tools/list".to_owned(),
        ..request(50, "10.0.0.1", Some("cursor"), &key)
    };
    let records = vec![
        request(40, "10.0.0.1", Some("cursor"), &key),
        request(30, "10.0.0.2", None, &key),
        request(20, "10.0.0.9", Some("claude"), &other),
        list,
    ];
    record(&control, records).await.expect("recorded");

    let events = asked(&bob, &key.id, (0, "")).await.expect("events");
    let expected = [("keys.inactivate", "local"), ("keys.create", "user:bob")];
    assert_eq!(actions(&events), expected);
    assert!(
        events.changes[0].detail.contains("\"before\""),
        "{events:?}"
    );
    assert_eq!(events.next_page_token, "");
    let told = |address: &str, client: &str, ago, requests| v1::KeyUse {
        address: address.to_owned(),
        client: client.to_owned(),
        last_at: Some(timestamp(now - TimeDelta::seconds(ago))),
        requests,
    };
    let expected = [
        told("10.0.0.2", "", 30, 1),
        told("10.0.0.1", "cursor", 40, 2),
    ];
    assert_eq!(events.uses, expected);

    // Page by page, and who used it on the first alone.
    let first = asked(&bob, &key.id, (1, "")).await.expect("events");
    assert_eq!(actions(&first), [("keys.inactivate", "local")]);
    let second = asked(&bob, &key.id, (1, &first.next_page_token)).await;
    let second = second.expect("events");
    assert_eq!(actions(&second), [("keys.create", "user:bob")]);
    assert!(second.uses.is_empty() && second.next_page_token.is_empty());

    let all = asked(&control.client, &key.public_id, (0, "")).await;
    assert_eq!(all.expect("events"), events);
    for reference in [&key.id, &key.public_id] {
        let refused = asked(&eve, reference, (0, "")).await;
        assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    }
    let refused = asked(&bob, &key.id, (501, "")).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
}
