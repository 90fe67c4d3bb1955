//! Calls that were refused, as audit tells of them.

use super::{Served, administrator, from_network, list, serve};
use crate::{
    control::fixture::{assert_refused, config},
    harness::wait::until,
};
use ostia_control::Control;
use ostia_domain::{
    code::Code,
    key::{Presented, Secret},
};
use ostia_proto::{ControlClient, v1};
use std::{net::IpAddr, time::Duration};
use tonic::Code as Grpc;
use uuid::Uuid;

const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// All refusals, oldest first.
async fn refusals(control: &Control) -> Vec<v1::AuditEvent> {
    let request = v1::ListEventsRequest {
        action: Some("access.deny".to_owned()),
        page_size: 1_000,
        ..v1::ListEventsRequest::default()
    };
    let events = control.client().audit().list_events(request).await;
    let events = events.expect("events").into_inner().events;
    events.into_iter().rev().collect()
}

/// They are written a moment later.
async fn until_there_are(served: &Served, count: usize) -> Vec<v1::AuditEvent> {
    let deadline = Duration::from_secs(10);
    let found = until(deadline, "refusals are written", || async {
        let found = refusals(&served.control).await;
        if found.len() >= count {
            Ok(found)
        } else {
            Err(found)
        }
    });
    let (found, _) = found.await;
    assert_eq!(found.len(), count, "{found:#?}");
    found
}

async fn member(served: &Served) -> (String, ControlClient) {
    let client = served.control.client();
    let bob = v1::CreateUserRequest {
        name: "bob".to_owned(),
        role: v1::Role::Member.into(),
        ..v1::CreateUserRequest::default()
    };
    let bob = client.identity().create_user(bob).await.expect("bob");
    let id = bob.into_inner().id;
    let user = Uuid::parse_str(&id).expect("an id");
    let client = client.on_behalf_of(user);
    (id, client.coming_from(ELSEWHERE, Some("browser")))
}

async fn list_policies(client: &ControlClient) {
    let request = v1::ListPoliciesRequest {};
    let refused = client.policies().list_policies(request).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
}

#[tokio::test]
async fn who_asked_for_more_than_their_role_is_known() {
    let served = serve(None).await;
    let (id, bob) = member(&served).await;
    list_policies(&bob).await;
    let [event] = until_there_are(&served, 1).await.try_into().expect("one");
    let told = (
        &*event.actor,
        &*event.target,
        &*event.outcome,
        &*event.error,
    );
    let expected = (
        "user:bob",
        "PoliciesService.ListPolicies",
        "denied",
        "forbidden",
    );
    assert_eq!(told, expected);
    assert_eq!((event.user_id, &*event.key_id), (id, ""));
    let from = (event.remote_address, &*event.client);
    assert_eq!(from, (ELSEWHERE.to_string(), "browser"));
    assert_eq!(event.kind, "changes");
    let verify = v1::VerifyEventsRequest::default();
    let verified = served.control.client().audit().verify_events(verify).await;
    let problems = verified.expect("verified").into_inner().problems;
    assert!(problems.is_empty(), "{problems:?}");
}

#[tokio::test]
async fn keys_and_tokens_that_are_not_let_in_are_told_of_without_their_secret() {
    let served = serve(None).await;
    let (endpoint, keys) = (served.endpoint(), served.control.client());
    let revoked = administrator(&served, "ci", v1::KeyRestrictions::default()).await;
    let public = Presented::parse(&revoked).expect("a key").public_id();
    let request = v1::RevokeKeyRequest {
        key: public.to_string(),
    };
    let key = keys.keys().revoke_key(request).await.expect("revoked");
    let key = key.into_inner();
    let there = administrator(&served, "there", from_network("10.0.0.0/8")).await;
    for credential in [revoked.as_str(), "ost_live_nonsense", "the wrong token"] {
        let refused = list(&endpoint, Some(credential)).await;
        assert_refused(refused, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
    }
    let refused = list(&endpoint, Some(&there)).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::AddressForbidden);

    let events = until_there_are(&served, 4).await;
    for event in &events {
        assert_eq!(event.target, "KeysService.ListKeys");
        assert_eq!(event.outcome, "unauthenticated");
        assert_eq!(event.remote_address, "127.0.0.1");
        for secret in [&revoked, &there, "nonsense", "the wrong token"] {
            assert!(!format!("{event:?}").contains(secret), "{event:?}");
        }
    }
    let told = |event: &v1::AuditEvent| (event.actor.clone(), event.error.clone());
    let nobody = || ("anonymous".to_owned(), "service-unauthenticated".to_owned());
    assert_eq!(
        [told(&events[0]), told(&events[1]), told(&events[2])],
        [nobody(), nobody(), nobody()]
    );
    // Whoever has the secret is told that it was revoked; here only audit is.
    assert_eq!(
        (&events[0].key_id, &events[0].user_id),
        (&key.id, &key.owner_id)
    );
    assert!(
        events[0].detail.contains("\"key-revoked\""),
        "{:?}",
        events[0]
    );
    assert!(
        events[0].detail.contains(public.as_str()),
        "{:?}",
        events[0]
    );
    assert!(
        events[1].detail.contains("\"key-malformed\""),
        "{:?}",
        events[1]
    );
    assert_eq!(events[2].detail, "{}");
    let known = ("service:there".to_owned(), "address-forbidden".to_owned());
    assert_eq!(told(&events[3]), known);
    assert!(!events[3].key_id.is_empty(), "{:?}", events[3]);
}

/// Nobody fills the audit: the first ten of a minute, and then how many more there were.
#[tokio::test]
async fn of_many_refusals_most_are_counted() {
    let served = serve(None).await;
    let (id, bob) = member(&served).await;
    for _ in 0..25 {
        list_policies(&bob).await;
    }
    until_there_are(&served, 10).await;
    // Which ends the minute, too.
    served.control.close().await;
    let again = Control::open(config(&served.database)).await;
    let again = again.expect("a control");
    let events = refusals(&again).await;
    let (last, first) = events.split_last().expect("events");
    assert_eq!(first.len(), 10, "{events:#?}");
    assert!(
        first.iter().all(|event| event.detail == "{}"),
        "{events:#?}"
    );
    assert_eq!(last.detail, r#"{"more":15}"#);
    assert_eq!((&last.user_id, &*last.error), (&id, "forbidden"));
    again.close().await;
}

#[tokio::test]
async fn a_report_names_a_request_and_a_code_that_refuses_somebody() {
    let served = serve(None).await;
    let report = async |method: &str, code: &str, user: Option<&str>| {
        let request = v1::ReportRefusalRequest {
            method: method.to_owned(),
            code: code.to_owned(),
            user_id: user.map(str::to_owned),
            ..v1::ReportRefusalRequest::default()
        };
        let client = served.control.client();
        client.sync().report_refusal(request).await
    };
    for (method, code, user) in [
        ("", "forbidden", None),
        ("GET\n/", "forbidden", None),
        ("GET /", "already-exists", None),
        ("GET /", "no code", None),
        ("GET /", "forbidden", Some("bob")),
    ] {
        let refused = report(method, code, user).await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    report("GET /", "forbidden", None).await.expect("taken");
    let stranger = Secret::new("ost_live_nonsense");
    let stranger = ControlClient::remote(&served.endpoint(), Some(&stranger)).expect("a client");
    let request = v1::ReportRefusalRequest::default();
    let refused = stranger.sync().report_refusal(request).await;
    assert_refused(refused, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
    let events = until_there_are(&served, 2).await;
    assert_eq!(events[0].target, "GET /");
    assert_eq!(events[1].target, "SyncService.ReportRefusal");
}
