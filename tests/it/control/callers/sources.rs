//! With which key and from where something was done, as audit tells.

use super::{Served, administrator, from_network, serve};
use crate::control::fixture::TOKEN;
use ostia_domain::key::{Presented, Secret};
use ostia_proto::{
    ControlClient,
    v1::{self, create_policy_request::Source},
};
use std::net::IpAddr;
use uuid::Uuid;

/// Somewhere else than where the tests run.
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// What audit tells of the policy that this client makes.
async fn made_by(served: &Served, client: &ControlClient) -> v1::AuditEvent {
    let name = format!("made {}", Uuid::now_v7());
    let request = v1::CreatePolicyRequest {
        name: name.clone(),
        source: Some(Source::Preset("everything".to_owned())),
    };
    let made = client.policies().create_policy(request).await;
    made.expect("a policy");
    let request = v1::ListEventsRequest {
        action: Some("policies.create".to_owned()),
        ..v1::ListEventsRequest::default()
    };
    let events = served.control.client().audit().list_events(request).await;
    let mut events = events.expect("events").into_inner().events.into_iter();
    let event = events.find(|event| event.target == name);
    event.expect("an event")
}

#[tokio::test]
async fn what_a_service_account_does_is_found_by_its_name_and_by_its_key() {
    let served = serve(None).await;
    let secret = administrator(&served, "ci", from_network("127.0.0.0/8")).await;
    let key = Presented::parse(&secret).expect("a key").public_id();
    let ci = ControlClient::remote(&served.endpoint(), Some(&Secret::new(secret.as_str())));
    let request = v1::CreatePolicyRequest {
        name: "made by ci".to_owned(),
        source: Some(Source::Preset("everything".to_owned())),
    };
    let made = ci
        .expect("a client")
        .policies()
        .create_policy(request)
        .await;
    made.expect("a policy");
    let by_user = v1::ListEventsRequest {
        user: Some("ci".to_owned()),
        ..v1::ListEventsRequest::default()
    };
    let by_key = v1::ListEventsRequest {
        key: Some(key.to_string()),
        ..v1::ListEventsRequest::default()
    };
    for by in [by_user, by_key] {
        let request = v1::ListEventsRequest {
            action: Some("policies.create".to_owned()),
            ..by
        };
        let events = served.control.client().audit().list_events(request).await;
        let events = events.expect("events").into_inner().events;
        let [event] = events.try_into().expect("one event");
        assert_eq!(event.actor, "service:ci");
        assert_eq!(event.target, "made by ci");
        assert_eq!(event.remote_address, "127.0.0.1");
        assert!(!event.key_id.is_empty() && !event.user_id.is_empty());
    }
}

/// The dashboard and REST say who is behind a call, and are believed as they are about the user.
#[tokio::test]
async fn a_known_caller_says_with_which_key_and_from_where() {
    let served = serve(None).await;
    administrator(&served, "ci", from_network("127.0.0.0/8")).await;
    let users = served.control.client();
    let request = v1::GetUserRequest {
        user: "ci".to_owned(),
    };
    let user = users.identity().get_user(request).await.expect("ci");
    let (user, key) = (user.into_inner().id, Uuid::now_v7());
    let remote = ControlClient::remote(&served.endpoint(), Some(&Secret::new(TOKEN)));
    for known in [remote.expect("a client"), served.control.client()] {
        let client = known
            .on_behalf_of(user.parse().expect("an id"))
            .with_key(key)
            .coming_from(ELSEWHERE, Some(&"browser ".repeat(100)));
        let event = made_by(&served, &client).await;
        assert_eq!(
            (&event.actor, &event.user_id),
            (&"service:ci".to_owned(), &user)
        );
        assert_eq!(event.key_id, key.to_string());
        assert_eq!(event.remote_address, ELSEWHERE.to_string());
        assert_eq!(event.client.len(), 200, "{}", event.client);
    }
}

#[tokio::test]
async fn a_key_says_nothing_of_others() {
    let served = serve(None).await;
    let secret = administrator(&served, "ci", from_network("127.0.0.0/8")).await;
    let own = Presented::parse(&secret).expect("a key").public_id();
    let request = v1::GetKeyRequest {
        key: own.to_string(),
        owner: None,
    };
    let own = served.control.client().keys().get_key(request).await;
    let client = ControlClient::remote(&served.endpoint(), Some(&Secret::new(secret.as_str())));
    let client = client
        .expect("a client")
        .on_behalf_of(Uuid::now_v7())
        .with_key(Uuid::now_v7())
        .coming_from(ELSEWHERE, Some("nobody"));
    let event = made_by(&served, &client).await;
    assert_eq!(event.actor, "service:ci");
    assert_eq!(event.key_id, own.expect("a key").into_inner().id);
    assert_eq!(event.remote_address, "127.0.0.1");
    assert!(event.client.starts_with("tonic/"), "{}", event.client);
}

/// Whoever has the service token is nobody in particular, but comes from somewhere.
#[tokio::test]
async fn a_known_caller_is_seen_where_it_says_nothing() {
    let served = serve(None).await;
    let remote = ControlClient::remote(&served.endpoint(), Some(&Secret::new(TOKEN)));
    let event = made_by(&served, &remote.expect("a client")).await;
    assert_eq!((&*event.actor, &*event.key_id), ("local", ""));
    assert_eq!(event.remote_address, "127.0.0.1");
    let event = made_by(&served, &served.control.client()).await;
    assert_eq!((event.remote_address, event.client), Default::default());
}
