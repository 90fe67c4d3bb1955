//! A control over a database of its own, with an administrator and a policy.

use crate::harness::{
    database::{self, Database},
    wait::until,
};
use ostia_control::{Config, Control};
use ostia_domain::{code::Code, key::Secret};
use ostia_proto::{
    ControlClient,
    status::code_of,
    v1::{
        self, authenticate_response::Decision, create_policy_request::Source,
        upstream_definition::Transport, watch_response::Event,
    },
};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use tonic::Status;

const MASTER_KEY: &str = "b3N0aWEgdGVzdCBtYXN0ZXIga2V5IG9mIDMyIGJ5dGU=";
pub(crate) const TOKEN: &str = "the token of these tests";

pub(crate) struct Fixture {
    pub(crate) control: Control,
    pub(crate) client: ControlClient,
    pub(crate) database: Database,
}

pub(crate) fn config(database: &Database) -> Config {
    Config {
        database_url: database.url.clone(),
        service_token: Secret::new(TOKEN),
        key_pepper: Secret::new("pepper"),
        master_keys: vec![Secret::new(MASTER_KEY)],
        max_key_lifetime: None,
        max_key_idle: None,
        mail: None,
        tls: None,
        retention: None,
        process: None,
    }
}

/// A control with an administrator `ada` and a policy `all`.
pub(crate) async fn start() -> Fixture {
    let fixture = bare().await;
    fixture.user("ada", v1::Role::Administrator, &[]).await;
    fixture.policy("all").await;
    fixture
}

/// A control with nothing in it.
pub(crate) async fn bare() -> Fixture {
    Fixture::of(database::fresh().await).await
}

impl Fixture {
    /// A control with what is in a database already.
    pub(crate) async fn of(database: Database) -> Self {
        let control = Control::open(config(&database)).await.expect("a control");
        Self {
            client: control.client(),
            control,
            database,
        }
    }

    /// Another control of the same database, as a second replica is.
    pub(crate) async fn replica(&self) -> Control {
        Control::open(config(&self.database))
            .await
            .expect("a second control")
    }

    pub(crate) async fn user(&self, name: &str, role: v1::Role, policies: &[&str]) -> v1::User {
        let request = v1::CreateUserRequest {
            name: name.to_owned(),
            role: role.into(),
            policies: owned(policies),
            ..v1::CreateUserRequest::default()
        };
        let user = self.client.identity().create_user(request).await;
        user.expect("a user").into_inner()
    }

    pub(crate) async fn policy(&self, name: &str) -> v1::Policy {
        let request = v1::CreatePolicyRequest {
            name: name.to_owned(),
            source: Some(Source::Preset("everything".to_owned())),
        };
        let policy = self.client.policies().create_policy(request).await;
        policy.expect("a policy").into_inner()
    }

    /// What test keys reach.
    pub(crate) async fn demo(&self) -> v1::Upstream {
        let command = v1::StdioCommand {
            program: "ostia".to_owned(),
            args: vec!["demo-upstream".to_owned()],
            ..v1::StdioCommand::default()
        };
        let definition = v1::UpstreamDefinition {
            name: "demo".to_owned(),
            transport: Some(Transport::Stdio(command)),
            demo: true,
            ..v1::UpstreamDefinition::default()
        };
        let request = v1::AddUpstreamRequest {
            definition: Some(definition),
        };
        let added = self.client.upstreams().add_upstream(request).await;
        added.expect("the demo").into_inner()
    }

    /// A key of `ada` with the policy `all`.
    pub(crate) async fn key(&self, name: &str) -> v1::CreateKeyResponse {
        self.create_key(new_key(name)).await.expect("a key")
    }

    pub(crate) async fn create_key(
        &self,
        request: v1::CreateKeyRequest,
    ) -> Result<v1::CreateKeyResponse, Status> {
        let created = self.client.keys().create_key(request).await?;
        Ok(created.into_inner())
    }

    pub(crate) async fn rotate(&self, key: &str, overlap_seconds: u64) -> v1::RotateKeyResponse {
        let request = v1::RotateKeyRequest {
            key: key.to_owned(),
            overlap_seconds,
        };
        let rotated = self.client.keys().rotate_key(request).await;
        rotated.expect("a new secret").into_inner()
    }

    pub(crate) async fn revoke(&self, key: &str) -> v1::Key {
        let key = key.to_owned();
        let request = v1::RevokeKeyRequest { key };
        let key = self.client.keys().revoke_key(request).await;
        key.expect("a revoked key").into_inner()
    }

    pub(crate) async fn inactivate(&self, key: &str) -> v1::Key {
        let request = v1::InactivateKeyRequest {
            key: key.to_owned(),
        };
        let key = self.client.keys().inactivate_key(request).await;
        key.expect("an inactive key").into_inner()
    }

    pub(crate) async fn activate(&self, key: &str) -> v1::Key {
        let key = key.to_owned();
        let request = v1::ActivateKeyRequest { key };
        let key = self.client.keys().activate_key(request).await;
        key.expect("an active key").into_inner()
    }

    pub(crate) async fn delete(&self, key: &str) {
        let key = key.to_owned();
        let request = v1::DeleteKeyRequest { key };
        let deleted = self.client.keys().delete_key(request).await;
        deleted.expect("no key any more");
    }

    /// When it is written of every key and secret that it was used, which is a moment after it was.
    pub(crate) async fn noted(&self) {
        let noted = until(Duration::from_secs(20), "the uses are noted", || async {
            let request = v1::ListKeysRequest::default();
            let keys = self.client.keys().list_keys(request).await;
            let keys = keys.expect("keys").into_inner().keys;
            let is_noted = |key: &v1::Key| {
                let mut secrets = key.secrets.iter();
                key.last_used_at.is_some() && secrets.all(|secret| secret.last_used_at.is_some())
            };
            if keys.iter().all(is_noted) {
                Ok(())
            } else {
                Err(keys)
            }
        });
        noted.await;
    }

    pub(crate) async fn get_key(&self, key: &str) -> Result<v1::Key, Status> {
        let key = key.to_owned();
        let found = self
            .client
            .keys()
            .get_key(v1::GetKeyRequest { key, owner: None })
            .await?;
        Ok(found.into_inner())
    }

    /// The principal, or the code of the refusal.
    pub(crate) async fn authenticate(&self, key: &str) -> Result<v1::Principal, String> {
        let key = key.to_owned();
        let request = v1::AuthenticateRequest {
            key,
            ..v1::AuthenticateRequest::default()
        };
        let answer = self.client.sync().authenticate(request).await;
        match answer.expect("an answer").into_inner().decision {
            Some(Decision::Principal(principal)) => Ok(*principal),
            Some(Decision::Refused(code)) => Err(code),
            None => panic!("no decision"),
        }
    }

    pub(crate) async fn add_upstream(
        &self,
        name: &str,
        env: &[(&str, &str)],
    ) -> Result<v1::Upstream, Status> {
        let request = v1::AddUpstreamRequest {
            definition: Some(definition(name, env)),
        };
        let upstream = self.client.upstreams().add_upstream(request).await?;
        Ok(upstream.into_inner())
    }

    /// What the tests cannot do through a service: change the database behind the control's back.
    pub(crate) async fn sql(&self, statement: &str) {
        let db = sea_orm::Database::connect(&self.database.url)
            .await
            .expect("the database");
        db.execute_unprepared(statement).await.expect("a statement");
        db.close().await.expect("close");
    }

    /// The newest thousand audit events, oldest first.
    pub(crate) async fn events(&self) -> Vec<v1::AuditEvent> {
        let request = v1::ListEventsRequest {
            page_size: 1_000,
            ..v1::ListEventsRequest::default()
        };
        let events = self.client.audit().list_events(request).await;
        let events = events.expect("events").into_inner().events;
        events.into_iter().rev().collect()
    }

    /// The newest thousand usage records, oldest first.
    pub(crate) async fn usage(&self) -> Vec<v1::UsageRecord> {
        let request = v1::ListUsageRequest {
            page_size: 1_000,
            ..v1::ListUsageRequest::default()
        };
        let records = self.client.usage().list_usage(request).await;
        let records = records.expect("records").into_inner().records;
        records.into_iter().rev().collect()
    }
}

/// What an edge is sent that starts now.
pub(crate) async fn snapshot(client: &ControlClient) -> v1::Snapshot {
    let watch = client.sync().watch(v1::WatchRequest::default()).await;
    let first = watch.expect("a watch").into_inner().message().await;
    match first.expect("a message").and_then(|message| message.event) {
        Some(Event::Snapshot(snapshot)) => snapshot,
        other => panic!("not a snapshot: {other:?}"),
    }
}

pub(crate) fn new_key(name: &str) -> v1::CreateKeyRequest {
    v1::CreateKeyRequest {
        name: name.to_owned(),
        policies: owned(&["all"]),
        ..v1::CreateKeyRequest::default()
    }
}

pub(crate) fn definition(name: &str, env: &[(&str, &str)]) -> v1::UpstreamDefinition {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    v1::UpstreamDefinition {
        name: name.to_owned(),
        transport: Some(v1::upstream_definition::Transport::Stdio(
            v1::StdioCommand {
                program: "some-server".to_owned(),
                args: owned(&["--stdio"]),
                env: env.collect(),
                cwd: None,
            },
        )),
        ..v1::UpstreamDefinition::default()
    }
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// Both names of an error.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    grpc: tonic::Code,
    code: Code,
) -> String {
    let status = answer.expect_err("this should have been refused");
    assert_eq!(
        (status.code(), code_of(&status)),
        (grpc, Some(code)),
        "{status:?}"
    );
    status.message().to_owned()
}
