//! With which key and from where something was done, as audit tells.

use super::{administrator, from_network, serve};
use ostia_domain::key::{Presented, Secret};
use ostia_proto::{
    ControlClient,
    v1::{self, create_policy_request::Source},
};

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
