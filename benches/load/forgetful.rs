//! Control and an edge as `ostia run` has them, in this program, because the product has no way not to record:
//! with a control that takes what the edge records and, if asked to, forgets it.

use crate::Failure;
use ostia_control::{Config, Control};
use ostia_domain::{key::Secret, name::ExposedNames};
use ostia_edge::{Edge, config};
use ostia_proto::{
    ControlClient,
    v1::{self, sync_service_server as service},
};
use std::{fs, path::Path, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, service::Routes};

pub(crate) const SERVICE_TOKEN: &str = "bench";

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
    let between = Between {
        control: client,
        forgets,
    };
    let routes = Routes::new(service::SyncServiceServer::new(between)).prepare();
    let edge = Edge::start(edge_config(folder)?, &ControlClient::in_process(routes))?;
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

/// Everything that an edge asks of control passes, but for records.
struct Between {
    control: ControlClient,
    forgets: bool,
}

#[tonic::async_trait]
impl service::SyncService for Between {
    type WatchStream = Streaming<v1::WatchResponse>;

    async fn watch(
        &self,
        request: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.control.sync().watch(request.into_inner()).await
    }

    async fn authenticate(
        &self,
        request: Request<v1::AuthenticateRequest>,
    ) -> Result<Response<v1::AuthenticateResponse>, Status> {
        self.control.sync().authenticate(request.into_inner()).await
    }

    async fn lease_quota(
        &self,
        request: Request<v1::LeaseQuotaRequest>,
    ) -> Result<Response<v1::LeaseQuotaResponse>, Status> {
        self.control.sync().lease_quota(request.into_inner()).await
    }

    async fn return_quota(
        &self,
        request: Request<v1::ReturnQuotaRequest>,
    ) -> Result<Response<v1::ReturnQuotaResponse>, Status> {
        self.control.sync().return_quota(request.into_inner()).await
    }

    async fn record(
        &self,
        request: Request<v1::RecordRequest>,
    ) -> Result<Response<v1::RecordResponse>, Status> {
        if self.forgets {
            return Ok(Response::new(v1::RecordResponse::default()));
        }
        self.control.sync().record(request.into_inner()).await
    }

    async fn report_catalogue(
        &self,
        request: Request<v1::ReportCatalogueRequest>,
    ) -> Result<Response<v1::ReportCatalogueResponse>, Status> {
        let report = request.into_inner();
        self.control.sync().report_catalogue(report).await
    }

    async fn report_pools(
        &self,
        request: Request<v1::ReportPoolsRequest>,
    ) -> Result<Response<v1::ReportPoolsResponse>, Status> {
        self.control.sync().report_pools(request.into_inner()).await
    }

    async fn report_refusal(
        &self,
        request: Request<v1::ReportRefusalRequest>,
    ) -> Result<Response<v1::ReportRefusalResponse>, Status> {
        let refusal = request.into_inner();
        self.control.sync().report_refusal(refusal).await
    }

    async fn answer(
        &self,
        request: Request<v1::AnswerRequest>,
    ) -> Result<Response<v1::AnswerResponse>, Status> {
        self.control.sync().answer(request.into_inner()).await
    }
}
