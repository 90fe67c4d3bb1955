//! A control: its parts put together, and the ways to reach it.

use crate::{
    app::{
        App, Catalogues, Hasher, access_tokens::Signer, backup::Backups, edges::Edges,
        upstreams::Pools, usage::Kept,
    },
    auth::{Authenticated, Authentication, Callers},
    config::{Config, Tls},
    error::{Error, Kind, Result},
    grpc::{self, Listener},
    jobs::{ended, idle_keys, last_used, refusals, retention::Keeper},
    snapshot::{Hub, follow::Follow},
    store::Store,
    vault::Vault,
};
use ostia_proto::ControlClient;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tonic::{
    service::Routes,
    transport::{Certificate, Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::{Layer as _, util::MapRequestLayer};

/// A database that has not answered by then is not ready.
const READY_TIMEOUT: Duration = Duration::from_secs(2);
/// Watches fed less often than this are not fed.
const FOLLOW_LIMIT: Duration = Duration::from_secs(10);
/// Calls take milliseconds; what is open longer is a stream for health or reflection, which has no end.
const DRAIN: Duration = Duration::from_secs(5);
const HEALTH_INTERVAL: Duration = Duration::from_secs(2);
/// An edge that went without a word is noticed after the sum of the two.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The control plane. A clone is the same control; when the last one is dropped without
/// [`Control::close`], what goes on in the background ends by itself and what it had not written is lost.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    store: Store,
    hub: Hub,
    routes: Routes,
    authentication: Authentication,
    tls: Option<Tls>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stops_when_dropped: DropGuard,
}

impl Control {
    /// Connects to a database that was migrated before and starts what goes on in the background.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let vault = Arc::new(Vault::new(&config.master_keys)?);
        let callers = Callers::new(&config.service_token)
            .ok_or(Error(Kind::Internal("the system has no randomness")))?;
        let store = Store::open(&config.database_url).await?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let wake = Arc::new(Notify::new());

        let (follow, hub) =
            Follow::new(store.clone(), vault.clone(), wake.clone(), stop.clone()).await?;
        let (uses, last_used) = last_used::channel(store.clone());
        tasks.spawn(follow.run(stop.clone()));
        tasks.spawn(last_used.run(stop.clone()));
        let (refusals, writer) = refusals::channel(store.clone());
        tasks.spawn(writer.run(stop.clone()));
        if let Some(retention) = config.retention {
            let keeper = Keeper {
                store: store.clone(),
                wake: wake.clone(),
                retention,
            };
            tasks.spawn(keeper.run(stop.clone()));
            tasks.spawn(ended::run(store.clone(), stop.clone()));
        }

        let app = Arc::new(App {
            store: store.clone(),
            vault,
            signer: Signer::new(&config.key_pepper),
            backups: Backups::new(&config.key_pepper),
            catalogues: Catalogues::default(),
            kept: Kept::default(),
            hasher: Hasher::new(config.key_pepper, tasks.clone()),
            uses,
            refusals,
            max_key_lifetime: config.max_key_lifetime,
            mail: config.mail,
            retention: config.retention,
            wake,
            reported: Notify::new(),
            pools: Pools::default(),
            edges: Edges::default(),
            process: config.process,
        });
        if let Some(max) = config.max_key_idle {
            tasks.spawn(idle_keys::run(app.clone(), max, stop.clone()));
        }
        Ok(Self(Arc::new(Inner {
            routes: grpc::routes(&app, &hub).prepare(),
            store,
            hub,
            authentication: Authentication::new(callers, app),
            tls: config.tls,
            tasks,
            _stops_when_dropped: stop.clone().drop_guard(),
            stop,
        })))
    }

    /// A client within this process: no socket, no token.
    pub fn client(&self) -> ControlClient {
        let services: Authenticated<Routes> = self.0.authentication.layer(self.0.routes.clone());
        ControlClient::in_process(services)
    }

    /// Answers gRPC on a socket until `stop`, then lets calls end and ends watches.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> Result<(), Error> {
        let failed = |error: tonic::transport::Error| Error(Kind::Listener(describe(&error)));
        // Ends with the control too, whatever the caller does with its token.
        let ending = self.0.stop.child_token();
        let mut server = Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT));
        if let Some(tls) = &self.0.tls {
            server = server.tls_config(server_tls(tls)).map_err(failed)?;
        }
        let (health, health_service) = tonic_health::server::health_reporter();
        let routes = grpc::with_reflection(self.0.routes.clone())?.add_service(health_service);
        let mark = Listener(ending.clone());
        let serving = server
            .layer(MapRequestLayer::new(
                move |mut request: http::Request<_>| {
                    request.extensions_mut().insert(mark.clone());
                    request
                },
            ))
            .layer(self.0.authentication.clone())
            .add_routes(routes)
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                ending.clone().cancelled_owned(),
            );
        let until_stopped = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = ending.cancelled() => {}
                () = self.report_health(&health) => {}
            }
            health
                .set_service_status("", ServingStatus::NotServing)
                .await;
            ending.cancel();
            sleep(DRAIN).await;
        };
        tokio::select! {
            result = serving => result.map_err(failed),
            () = until_stopped => {
                tracing::warn!("calls that did not end in time are cut off");
                Ok(())
            }
        }
    }

    async fn report_health(&self, health: &HealthReporter) {
        loop {
            let status = if self.ready().await {
                ServingStatus::Serving
            } else {
                ServingStatus::NotServing
            };
            health.set_service_status("", status).await;
            sleep(HEALTH_INTERVAL).await;
        }
    }

    /// Whether the database answers and watches are fed.
    pub async fn ready(&self) -> bool {
        let answers = timeout(READY_TIMEOUT, self.0.store.answers()).await;
        answers.unwrap_or(false) && self.0.hub.follows(FOLLOW_LIMIT)
    }

    /// Ends watches, finishes what is written in the background and closes the database.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.store.close().await;
    }
}

fn server_tls(tls: &Tls) -> ServerTlsConfig {
    let identity = Identity::from_pem(&tls.certificate, tls.key.expose());
    let config = ServerTlsConfig::new().identity(identity);
    match &tls.client_ca {
        Some(authority) => config.client_ca_root(Certificate::from_pem(authority)),
        None => config,
    }
}

/// The transport's own text is only "transport error"; what happened is in its sources.
fn describe(error: &tonic::transport::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
