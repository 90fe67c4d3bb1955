//! Who may call control over a network.

mod minting;
mod refusals;
mod sources;

use super::fixture::{TOKEN, assert_refused, config};
use crate::harness::{
    authority::Authority,
    database::{self, Database},
};
use chrono::TimeDelta;
use ostia_control::{Config, Control, Tls};
use ostia_domain::{clock, code::Code, key::Secret};
use ostia_proto::{ControlClient, v1};
use std::time::Duration;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::{
    Code as Grpc, Status,
    client::Grpc as Raw,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

struct Served {
    control: Control,
    address: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    database: Database,
}

async fn serve(tls: Option<Tls>) -> Served {
    let database = database::fresh().await;
    let config = Config {
        tls,
        ..config(&database)
    };
    let control = Control::open(config).await.expect("a control");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let stop = CancellationToken::new();
    let (serves, until) = (control.clone(), stop.clone());
    #[allow(clippy::disallowed_methods, reason = "the test waits for it itself")]
    let serving = tokio::spawn(async move {
        serves.serve(listener, until).await.expect("it serves");
    });
    Served {
        control,
        address,
        stop,
        serving,
        database,
    }
}

impl Served {
    fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("a URL")
    }

    fn secure_endpoint(&self, tls: ClientTlsConfig) -> Endpoint {
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).expect("a URL");
        endpoint.tls_config(tls).expect("a configuration")
    }
}

async fn list(endpoint: &Endpoint, token: Option<&str>) -> Result<(), Status> {
    let token = token.map(Secret::new);
    let client = ControlClient::remote(endpoint, token.as_ref()).expect("a client");
    client
        .keys()
        .list_keys(v1::ListKeysRequest::default())
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_from_the_network_needs_the_service_token() {
    let served = serve(None).await;
    let endpoint = served.endpoint();
    for wrong in [
        None,
        Some(""),
        Some("wrong"),
        Some(&TOKEN[1..]),
        Some(&format!("{TOKEN} ")),
    ] {
        let answer = list(&endpoint, wrong).await;
        let message = assert_refused(answer, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
        assert!(!message.contains(TOKEN));
    }
    list(&endpoint, Some(TOKEN)).await.expect("known");
}

/// A key of a service account, held to these.
async fn administrator(served: &Served, name: &str, held_to: v1::KeyRestrictions) -> String {
    let client = served.control.client();
    let account = v1::CreateUserRequest {
        name: name.to_owned(),
        role: v1::Role::Administrator.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let made = client.identity().create_user(account).await;
    made.expect("an account");
    let request = v1::CreateKeyRequest {
        name: name.to_owned(),
        owner: Some(name.to_owned()),
        restrictions: Some(held_to),
        ..v1::CreateKeyRequest::default()
    };
    let made = client.keys().create_key(request).await;
    made.expect("a key").into_inner().secret
}

fn from_network(network: &str) -> v1::KeyRestrictions {
    v1::KeyRestrictions {
        networks: vec![network.to_owned()],
        ..v1::KeyRestrictions::default()
    }
}

/// All of that day.
fn on(day: &str) -> v1::KeyRestrictions {
    v1::KeyRestrictions {
        window: Some(format!("{day} 00:00-24:00")),
        ..v1::KeyRestrictions::default()
    }
}

#[tokio::test]
async fn the_key_of_a_service_account_is_held_to_its_networks_and_hours() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let tls = Tls {
        certificate,
        key: Secret::new(key),
        client_ca: None,
    };
    // Days from now on: the test may begin before midnight and end after it.
    let day = |days| {
        (clock::now() + TimeDelta::days(days))
            .format("%a")
            .to_string()
    };
    let (today, tomorrow, later) = (day(0), day(1), day(4));
    for tls in [None, Some(tls)] {
        let secure = tls.is_some();
        let served = serve(tls).await;
        let endpoint = if secure {
            let tls = ClientTlsConfig::new()
                .domain_name("localhost")
                .ca_certificate(Certificate::from_pem(authority.pem()));
            served.secure_endpoint(tls)
        } else {
            served.endpoint()
        };
        let now = on(&format!("{today},{tomorrow}").to_lowercase());
        for (name, held_to) in [("here", from_network("127.0.0.0/8")), ("now", now)] {
            let key = administrator(&served, name, held_to).await;
            list(&endpoint, Some(&key)).await.expect("within");
        }
        let key = administrator(&served, "there", from_network("10.0.0.0/8")).await;
        let refused = list(&endpoint, Some(&key)).await;
        let told = assert_refused(refused, Grpc::PermissionDenied, Code::AddressForbidden);
        assert!(told.contains("127.0.0.1"), "{told}");
        let key = administrator(&served, "later", on(&later.to_lowercase())).await;
        let refused = list(&endpoint, Some(&key)).await;
        assert_refused(refused, Grpc::PermissionDenied, Code::HourForbidden);
        served.stop.cancel();
        served.serving.await.expect("it stops");
    }
}

#[tokio::test]
async fn no_service_is_left_open() {
    let served = serve(None).await;
    let stranger = ControlClient::remote(&served.endpoint(), None).expect("a client");
    let watch = stranger.sync().watch(v1::WatchRequest::default()).await;
    assert_refused(
        watch.map(drop),
        Grpc::Unauthenticated,
        Code::ServiceUnauthenticated,
    );
    for path in [
        "/ostia.v1.KeysService/CreateKey",
        "/ostia.v1.NoService/NoMethod",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        let refused = raw(&served.endpoint(), path).await;
        assert_refused(refused, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
    }
}

#[tokio::test]
async fn anybody_may_ask_for_health() {
    let served = serve(None).await;
    let endpoint = served.endpoint();
    // An empty message asks for the whole server.
    raw(&endpoint, "/grpc.health.v1.Health/Check")
        .await
        .expect("an answer");
}

/// A call with an empty message and no credential.
async fn raw(endpoint: &Endpoint, path: &'static str) -> Result<(), Status> {
    let channel: Channel = endpoint.connect().await.expect("a connection");
    let mut grpc = Raw::new(channel);
    grpc.ready().await.expect("ready");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = http::uri::PathAndQuery::from_static(path);
    // What comes back has fields, which an empty message skips.
    grpc.unary(tonic::Request::new(()), path, codec).await?;
    Ok(())
}

#[tokio::test]
async fn a_listener_that_stops_ends_its_watches_and_leaves_those_within_the_process() {
    let served = serve(None).await;
    let token = Secret::new(TOKEN);
    let remote = ControlClient::remote(&served.endpoint(), Some(&token)).expect("a client");
    let watch = |client: ControlClient| async move {
        let watch = client.sync().watch(v1::WatchRequest::default()).await;
        let mut watch = watch.expect("a watch").into_inner();
        watch.message().await.expect("a snapshot");
        watch
    };
    let mut far = watch(remote).await;
    let mut near = watch(served.control.client()).await;
    served.stop.cancel();
    let deadline = Duration::from_secs(3);
    timeout(deadline, served.serving)
        .await
        .expect("it stops in time")
        .expect("it stops");
    let end = timeout(deadline, far.message())
        .await
        .expect("an end in time");
    assert!(matches!(end, Ok(None)), "{end:?}");
    let event = timeout(Duration::from_secs(5), near.message())
        .await
        .expect("a heartbeat in time");
    assert!(matches!(event, Ok(Some(_))), "{event:?}");
}

#[tokio::test]
async fn a_stream_without_end_does_not_keep_a_listener_from_stopping() {
    let served = serve(None).await;
    let channel = served.endpoint().connect().await.expect("a connection");
    let mut grpc = Raw::new(channel);
    grpc.ready().await.expect("ready");
    let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let health = grpc.server_streaming(tonic::Request::new(()), path, codec);
    let _health = health.await.expect("a stream").into_inner();
    served.stop.cancel();
    let stopped = timeout(Duration::from_secs(10), served.serving).await;
    stopped.expect("it stops in time").expect("it stops");
}

#[tokio::test]
async fn where_certificates_are_asked_for_one_of_our_authority_is_enough() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.issue("localhost");
    let served = serve(Some(Tls {
        certificate,
        key: Secret::new(key),
        client_ca: Some(authority.pem()),
    }))
    .await;
    let endpoint = |identity: Option<(String, String)>| {
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(authority.pem()));
        let tls = match identity {
            Some((certificate, key)) => tls.identity(Identity::from_pem(certificate, key)),
            None => tls,
        };
        served.secure_endpoint(tls)
    };
    let known = endpoint(Some(authority.issue("edge")));
    list(&known, None).await.expect("known by its certificate");
    // The handshake fails, so it is no answer of control and has no code.
    for unknown in [None, Some(stranger.issue("edge"))] {
        list(&endpoint(unknown), Some(TOKEN))
            .await
            .expect_err("unknown");
    }
}

#[tokio::test]
async fn without_an_authority_tls_is_for_secrecy_and_the_token_still_counts() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let served = serve(Some(Tls {
        certificate,
        key: Secret::new(key),
        client_ca: None,
    }))
    .await;
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(authority.pem()));
    let endpoint = served.secure_endpoint(tls);
    list(&endpoint, Some(TOKEN)).await.expect("known");
    let answer = list(&endpoint, None).await;
    assert_refused(answer, Grpc::Unauthenticated, Code::ServiceUnauthenticated);
}
