//! Who may call what: every method and every role, as a table that a review reads.

mod objects;
mod raw;
mod requests;

use self::raw::Contract;
use super::fixture::{Fixture, assert_refused, new_key, start};
use crate::harness::environment;
use ostia_domain::{code::Code, key::Secret};
use ostia_proto::{ControlClient, v1};
use std::fmt::Write as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{Code as Grpc, transport::Endpoint};

const ROLES: [(v1::Role, &str); 4] = [
    (v1::Role::Member, "member"),
    (v1::Role::Operator, "operator"),
    (v1::Role::Administrator, "administrator"),
    (v1::Role::Auditor, "auditor"),
];

/// The table; what is not in a row may not.
const TABLE: &str = "tests/it/control/authority.txt";

struct Served {
    control: Fixture,
    endpoint: Endpoint,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

async fn serve() -> Served {
    let control = start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let (serves, until) = (control.control.clone(), stop.clone());
    #[allow(clippy::disallowed_methods, reason = "the test waits for it itself")]
    let serving = tokio::spawn(async move {
        serves.serve(listener, until).await.expect("it serves");
    });
    Served {
        control,
        endpoint: Endpoint::from_shared(format!("http://{address}")).expect("a URL"),
        stop,
        serving,
    }
}

impl Served {
    async fn end(self) {
        self.stop.cancel();
        self.serving.await.expect("it stops");
    }

    fn with_key(&self, key: &str) -> ControlClient {
        ControlClient::remote(&self.endpoint, Some(&Secret::new(key))).expect("a client")
    }
}

#[tokio::test]
async fn every_method_allows_the_roles_of_the_table() {
    let served = serve().await;
    let channel = served.endpoint.connect().await.expect("a connection");
    let mut users = Vec::new();
    for (role, name) in ROLES {
        users.push((name, served.control.user(name, role, &[]).await.id));
    }
    let mut found = String::new();
    for method in Contract::read().methods.keys() {
        let mut row = vec![method.replace('/', ".")];
        for (role, user) in &users {
            let code = raw::call(&channel, method, user, Vec::new()).await.grpc;
            // This one says so of the key in its message, which is empty here.
            let of_a_key = method == "KeysService/ExchangeKey";
            assert!(
                of_a_key || code != Grpc::Unauthenticated,
                "{method} for {role}"
            );
            if code != Grpc::PermissionDenied {
                row.push((*role).to_owned());
            }
        }
        writeln!(found, "{}", row.join(" ")).expect("a row");
    }
    let path = environment::repository().join(TABLE);
    let table = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, table,
        "a method is new, or who may call it is: check that {TABLE} should say this, and write it down"
    );
    served.end().await;
}

/// A key of a service account administers as far as its role goes; a key of a person never does.
#[tokio::test]
async fn a_service_account_administers_with_its_key() {
    let served = serve().await;
    let control = &served.control;
    let account = v1::CreateUserRequest {
        name: "ci".to_owned(),
        role: v1::Role::Operator.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let mut identity = control.client.identity();
    identity.create_user(account).await.expect("an account");
    let request = v1::CreateKeyRequest {
        owner: Some("ci".to_owned()),
        policies: Vec::new(),
        ..new_key("deploy")
    };
    let made = control.create_key(request).await.expect("a key");
    let client = served.with_key(&made.secret);
    let request = v1::CreatePolicyRequest {
        name: "made".to_owned(),
        source: Some(v1::create_policy_request::Source::Preset(
            "read-only".to_owned(),
        )),
    };
    client
        .policies()
        .create_policy(request)
        .await
        .expect("a policy");
    let event = control.events().await.pop().expect("an event");
    assert_eq!(event.actor, "service:ci");
    let refused = client
        .identity()
        .create_user(v1::CreateUserRequest::default())
        .await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
    // Nor does it give itself a key that does more.
    let account = v1::CreateUserRequest {
        name: "root".to_owned(),
        role: v1::Role::Administrator.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    identity.create_user(account).await.expect("an account");
    let of_root = v1::CreateKeyRequest {
        owner: Some("root".to_owned()),
        policies: Vec::new(),
        ..new_key("root")
    };
    let refused = client.keys().create_key(of_root.clone()).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
    let key = control.create_key(of_root).await.expect("a key").key;
    let rotate = v1::RotateKeyRequest {
        key: key.expect("a key").id,
        overlap_seconds: 0,
    };
    let refused = client.keys().rotate_key(rotate).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);
    // What parts of an installation say to each other is for none of them.
    let refused = client.sync().watch(v1::WatchRequest::default()).await;
    assert_refused(refused.map(drop), Grpc::PermissionDenied, Code::Forbidden);

    let of_a_person = control.key("build").await.secret;
    // A test key reaches the demo upstream, and nothing else.
    control.demo().await;
    let trial = v1::CreateKeyRequest {
        owner: Some("ci".to_owned()),
        mode: v1::KeyMode::Test.into(),
        ..new_key("trial")
    };
    let trial = control.create_key(trial).await.expect("a key");
    let mut refused = served.with_key(&trial.secret).policies();
    let refused = refused.list_policies(v1::ListPoliciesRequest {}).await;
    assert_refused(refused, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
    let disabled = v1::UpdateUserRequest {
        user: "ci".to_owned(),
        enabled: Some(false),
        ..v1::UpdateUserRequest::default()
    };
    identity.update_user(disabled).await.expect("disabled");
    for key in [
        of_a_person.as_str(),
        made.secret.as_str(),
        "ost_live_nonsense",
    ] {
        let refused = served.with_key(key).policies();
        let mut refused = refused;
        let refused = refused.list_policies(v1::ListPoliciesRequest {}).await;
        assert_refused(refused, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
    }
    served.end().await;
}
