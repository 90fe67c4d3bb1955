//! Control over gRPC, as a service of the installation reaches it.

use super::ostia::Ostia;
use ostia_domain::key::Secret;
use ostia_proto::{ControlClient, v1};
use tonic::transport::Endpoint;

/// With the service token from the data folder.
pub(crate) fn client(ostia: &Ostia) -> ControlClient {
    let secrets =
        std::fs::read_to_string(ostia.data_dir().join("secrets.toml")).expect("secrets.toml");
    let secrets: toml::Table = secrets.parse().expect("TOML");
    let token = secrets["service_token"].as_str().expect("a service token");
    let endpoint = Endpoint::from_shared(ostia.control_url.clone()).expect("a URL");
    ControlClient::remote(&endpoint, Some(&Secret::new(token))).expect("a token that fits a header")
}

/// A policy of that name with these rules.
pub(crate) async fn policy(control: &ControlClient, name: &str, rules: v1::Rules) {
    let source = v1::create_policy_request::Source::Rules(rules);
    let request = v1::CreatePolicyRequest {
        name: name.to_owned(),
        source: Some(source),
    };
    control
        .policies()
        .create_policy(request)
        .await
        .expect("a policy");
}

/// Everything of these upstreams.
pub(crate) fn everything_of(upstreams: &[&str]) -> v1::Rules {
    v1::Rules {
        upstreams: upstreams.iter().map(ToString::to_string).collect(),
        allow: vec!["*".to_owned()],
        ..v1::Rules::default()
    }
}

/// A key with these rules, under a policy of the key's name.
pub(crate) async fn key(
    control: &ControlClient,
    name: &str,
    rules: v1::Rules,
) -> v1::CreateKeyResponse {
    policy(control, name, rules).await;
    create_key(
        control,
        v1::CreateKeyRequest {
            policies: vec![name.to_owned()],
            ..named(name)
        },
    )
    .await
}

/// A key that may do everything.
pub(crate) async fn master_key(control: &ControlClient, name: &str) -> String {
    key(control, name, everything_of(&["*"])).await.secret
}

pub(crate) async fn create_key(
    control: &ControlClient,
    request: v1::CreateKeyRequest,
) -> v1::CreateKeyResponse {
    control
        .keys()
        .create_key(request)
        .await
        .expect("a key")
        .into_inner()
}

pub(crate) fn named(name: &str) -> v1::CreateKeyRequest {
    v1::CreateKeyRequest {
        name: name.to_owned(),
        ..v1::CreateKeyRequest::default()
    }
}

/// All audit events, oldest first.
pub(crate) async fn audit(control: &ControlClient) -> Vec<v1::AuditEvent> {
    let mut events = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListEventsRequest {
            page_size: 1000,
            page_token,
            ..v1::ListEventsRequest::default()
        };
        let page = control
            .audit()
            .list_events(request)
            .await
            .expect("events")
            .into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            events.reverse();
            return events;
        }
    }
}

/// All usage records, oldest first.
pub(crate) async fn usage(control: &ControlClient) -> Vec<v1::UsageRecord> {
    let mut records = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListUsageRequest {
            page_size: 1000,
            page_token,
            ..v1::ListUsageRequest::default()
        };
        let page = control
            .usage()
            .list_usage(request)
            .await
            .expect("records")
            .into_inner();
        records.extend(page.records);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            records.reverse();
            return records;
        }
    }
}
