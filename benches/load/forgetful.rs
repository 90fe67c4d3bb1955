//! Control and an edge as `ostia run` has them, in this program, because the product has no way not to record:
//! with a control that takes what the edge records and, if asked to, forgets it.

use crate::Failure;
use ostia_control::{Config, Control};
use ostia_domain::{key::Secret, name::ExposedNames};
use ostia_edge::{Edge, config};
use ostia_proto::{ControlClient, v1};
use std::{fs, path::Path, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, body::Body, server::Grpc};
use tonic_prost::ProstCodec;
use tower::Service as _;

pub(crate) const SERVICE_TOKEN: &str = "bench";
/// What an edge calls with its records.
const RECORD: &str = "/ostia.v1.SyncService/Record";

/// Serves until it is killed. Announces itself as `ostia run` does.
pub(crate) fn serve(folder: &Path, database_url: &str, forgets: bool) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(folder, database_url, forgets))
}

async fn run(folder: &Path, database_url: &str, forgets: bool) -> Result<(), Failure> {
    // Clients of HTTP come without one; there is none yet, so that this cannot fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ostia_migrations::up(database_url).await?;
    let control = Control::open(control_config(database_url)).await?;
    let client = control.client();
    let owner = v1::CreateUserRequest {
        name: "admin".to_owned(),
        role: v1::Role::Administrator.into(),
        ..v1::CreateUserRequest::default()
    };
    client.identity().create_user(owner).await?;
    let (grpc, mcp) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    let announced = serde_json::json!({
        "control_url": format!("http://{}", grpc.local_addr()?),
        "mcp_url": format!("http://{}/mcp", mcp.local_addr()?),
    });
    let client = if forgets { forgetting(&client) } else { client };
    let edge = Edge::start(edge_config(folder)?, &client)?;
    println!("{announced}");
    tokio::try_join!(
        async { Ok(control.serve(grpc, CancellationToken::new()).await?) },
        async {
            edge.serve(mcp).await;
            Ok::<_, Failure>(())
        },
    )?;
    Ok(())
}

fn control_config(database_url: &str) -> Config {
    Config {
        database_url: database_url.to_owned(),
        service_token: Secret::new(SERVICE_TOKEN),
        key_pepper: Secret::new("bench"),
        master_keys: vec![key()],
        max_key_lifetime: None,
        max_key_idle: None,
        mail: None,
        tls: None,
        retention: None,
        process: None,
    }
}

fn edge_config(folder: &Path) -> Result<config::Config, Failure> {
    let spool_dir = folder.join("spool");
    fs::create_dir_all(&spool_dir)?;
    Ok(config::Config {
        name: "bench".to_owned(),
        advertise_url: None,
        allowed_hosts: Vec::new(),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        exposed_names: ExposedNames::Safe,
        max_body_bytes: config::DEFAULT_MAX_BODY_BYTES,
        session_keys: vec![key()],
        own_program: env!("CARGO_BIN_EXE_ostia").into(),
        max_revocation_age: config::DEFAULT_MAX_REVOCATION_AGE,
        state_dir: folder.to_owned(),
        spool_dir,
        drain_timeout: Duration::ZERO,
        process: std::sync::Arc::default(),
    })
}

/// Base64 of 32 bytes.
fn key() -> Secret {
    Secret::new(format!("{}=", "A".repeat(43)))
}

/// A control that everything reaches but records.
fn forgetting(control: &ControlClient) -> ControlClient {
    control.through(|transport| {
        tower::service_fn(move |request: http::Request<Body>| {
            let mut transport = transport.clone();
            async move {
                if request.uri().path() != RECORD {
                    return transport.call(request).await;
                }
                let taken = async |_: Request<v1::RecordRequest>| {
                    Ok(Response::new(v1::RecordResponse::default()))
                };
                let codec = ProstCodec::<v1::RecordResponse, v1::RecordRequest>::default();
                let mut grpc = Grpc::new(codec);
                Ok(grpc.unary(tower::service_fn(taken), request).await)
            }
        })
    })
}
