//! Control over gRPC, as a service of the installation reaches it.

use super::{mcp::Endpoint as Http, ostia::Ostia, wait};
use ostia_domain::key::Secret;
use ostia_proto::{
    ControlClient,
    v1::{self, watch_response::Event},
};
use std::{ops::Deref, time::Duration};
use tonic::transport::Endpoint;
use uuid::Uuid;

/// The services, and the edge that should follow them.
pub(crate) struct Control {
    client: ControlClient,
    admin: Http,
}

impl Deref for Control {
    type Target = ControlClient;
    fn deref(&self) -> &ControlClient {
        &self.client
    }
}

/// With the service token from the data folder.
pub(crate) fn client(ostia: &Ostia) -> Control {
    between(ostia, ostia)
}

/// The services of one process, followed by the edge of another.
pub(crate) fn between(control: &Ostia, edge: &Ostia) -> Control {
    let endpoint = Endpoint::from_shared(control.control_url.clone()).expect("a URL");
    let client = ControlClient::remote(&endpoint, Some(&secret(control, "service_token")));
    Control {
        client: client.expect("a token that fits a header"),
        admin: Http::anonymous(&edge.admin_url),
    }
}

/// One value of `secrets.toml`.
pub(crate) fn secret(ostia: &Ostia, name: &str) -> Secret {
    let secrets = std::fs::read_to_string(ostia.data_dir().join("secrets.toml"));
    let secrets: toml::Table = secrets.expect("secrets.toml").parse().expect("TOML");
    Secret::new(secrets[name].as_str().expect("a string"))
}

impl Control {
    /// Waits until the edge serves everything that was changed before: changes reach it a moment later.
    pub(crate) async fn settled(&self) {
        let revision = self.revision_with_a_marker().await;
        let what = "the edge serves the newest snapshot";
        let serves = wait::until(Duration::from_secs(10), what, || async {
            let served = self.served_revision().await;
            if served.is_some_and(|served| served >= revision) {
                Ok(())
            } else {
                Err(format!("control has {revision}, the edge {served:?}"))
            }
        });
        serves.await;
    }

    /// Makes a policy that binds nobody; the snapshot that has it has all that was before.
    async fn revision_with_a_marker(&self) -> u64 {
        let name = format!("marker-{}", Uuid::now_v7());
        policy(self, &name, v1::Rules::default()).await;
        let watch = self.sync().watch(v1::WatchRequest::default()).await;
        let mut watch = watch.expect("a watch").into_inner();
        loop {
            let message = watch.message().await.expect("a message");
            let news = match message.expect("a watch does not end").event {
                Some(Event::Snapshot(snapshot)) => Some(snapshot),
                Some(Event::SnapshotChange(change)) => change.put,
                _ => None,
            };
            if let Some(snapshot) = news
                && snapshot.policies.iter().any(|policy| policy.name == name)
            {
                return snapshot.revision;
            }
        }
    }

    async fn served_revision(&self) -> Option<u64> {
        let metrics = self
            .admin
            .request(reqwest::Method::GET)
            .path("/metrics")
            .send()
            .await;
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix("ostia_snapshot_revision "))?;
        line.trim().parse().ok()
    }
}

/// A policy of that name with these rules.
pub(crate) async fn policy(control: &Control, name: &str, rules: v1::Rules) {
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
pub(crate) async fn key(control: &Control, name: &str, rules: v1::Rules) -> v1::CreateKeyResponse {
    policy(control, name, rules).await;
    let policies = vec![name.to_owned()];
    let made = create_key(
        control,
        v1::CreateKeyRequest {
            policies,
            ..named(name)
        },
    )
    .await;
    control.settled().await;
    made
}

/// A key that may do everything.
pub(crate) async fn master_key(control: &Control, name: &str) -> String {
    key(control, name, everything_of(&["*"])).await.secret
}

/// The key of a new service account of this role.
pub(crate) async fn service_key(ostia: &Ostia, name: &str, role: &str) -> String {
    let create = ["users", "create", name, "--service", "--role", role];
    ostia.cli(&create).await.ok();
    let create = ["keys", "create", name, "--owner", name];
    let made = ostia.cli(&create).await.ok().json();
    made["secret"].as_str().expect("a secret").to_owned()
}

pub(crate) async fn create_key(
    control: &Control,
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
pub(crate) async fn audit(control: &Control) -> Vec<v1::AuditEvent> {
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
pub(crate) async fn usage(control: &Control) -> Vec<v1::UsageRecord> {
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
