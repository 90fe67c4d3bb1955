//! `ostia run`: roles in one process, from the first check to the last flush.
//!
//! The order is the point. Addresses are bound before anything is written, so that a port that is
//! taken costs nothing. Control comes up before those who need it and goes down after them.

mod admin;
mod banner;
pub(crate) mod control;
pub(crate) mod edge;
mod health;
mod itself;
mod listen;
pub(crate) mod seed;
mod snippets;
mod web;

pub(crate) use banner::login_url;
pub(crate) use itself::Itself;

use crate::{
    config::{RunSettings, Secrets},
    data_dir::{Announced, DataDir},
    failure::Failure,
    lifecycle::Serving,
    output::Output,
    telemetry,
};
use health::Health;
use listen::Listeners;
use ostia_control::Control;
use ostia_edge::Edge;
use ostia_proto::ControlClient;
use std::{fs::File, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long listeners may take to let go of their connections once the roles have stopped.
const LISTENER_DRAIN: Duration = Duration::from_secs(5);

pub(crate) async fn run(settings: RunSettings, output: Output) -> Result<(), Failure> {
    let telemetry = telemetry::start(&settings.log, settings.otlp_endpoint.as_deref())?;
    let mut process = Process::new(Serving::start()?);
    let outcome = match Box::pin(process.start(&settings, output)).await {
        Ok(()) => process.serving.until_stop().await,
        Err(failure) => Err(failure),
    };
    process.stop().await;
    telemetry.stop().await;
    outcome
}

/// What runs so far. A start that fails half way is stopped like a whole one.
struct Process {
    serving: Serving,
    health: Arc<Health>,
    control: Option<Control>,
    edge: Option<Arc<Edge>>,
    stop_control: CancellationToken,
    /// Of the dashboard's streams, which would last as long as somebody looks.
    stop_streams: CancellationToken,
    stop_web: CancellationToken,
    stop_admin: CancellationToken,
    announced: Vec<Announced>,
    locks: Vec<File>,
}

impl Process {
    fn new(serving: Serving) -> Self {
        Self {
            health: Arc::new(Health::new(serving.asked_to_stop())),
            serving,
            control: None,
            edge: None,
            stop_control: CancellationToken::new(),
            stop_streams: CancellationToken::new(),
            stop_web: CancellationToken::new(),
            stop_admin: CancellationToken::new(),
            announced: Vec::new(),
            locks: Vec::new(),
        }
    }

    async fn start(&mut self, settings: &RunSettings, output: Output) -> Result<(), Failure> {
        let mut secrets = if settings.roles.control {
            Secrets::of_control(&settings.common).await?
        } else {
            Secrets::read(&settings.common.data_dir)?
        };
        let data = DataDir::prepare(&settings.common.data_dir)?;
        let remote = if settings.roles.control {
            None
        } else {
            Some(control::remote(settings, &data, &secrets)?)
        };
        let listeners = Listeners::bind(settings).await?;
        let addresses = listeners.addresses(settings);
        self.health.expect(settings.roles);
        self.start_admin(listeners.admin)?;

        let itself = Itself::new();
        let mut seeded = None;
        let client = match (listeners.control, remote) {
            (Some(listener), _) => {
                self.locks.push(data.lock("control")?);
                let control = control::open(settings, &data, &mut secrets, &itself).await?;
                let client = control.client();
                self.start_control(control, listener);
                seeded = Some(seed::seed(&client, settings.demo).await?);
                let announced = data.announce("control", &addresses.control)?;
                self.announced.push(announced);
                // For `ostia login-link`, where the dashboard runs elsewhere.
                if let (false, Some(url)) = (settings.roles.web, &settings.web_url) {
                    self.announced.push(data.announce("web", url)?);
                }
                client
            }
            (None, Some(client)) => client,
            (None, None) => return Err(Failure::new("there is no control to talk to")),
        };
        if let Some(listener) = listeners.mcp {
            self.locks.push(data.lock("edge")?);
            let config = edge::config(settings, &data, &mut secrets, &itself, addresses.mcp_bound)?;
            self.start_edge(config, &client, listener)?;
            if let Some(url) = addresses.mcp_here() {
                self.announced.push(data.announce("mcp", &url)?);
            }
        }
        if let Some(listener) = listeners.web {
            let config = web::config(settings, &addresses, itself.with(settings, &secrets));
            self.start_web(config, &client, listener)?;
            self.announced.push(data.announce("web", &addresses.web)?);
        }
        edge::wait_until_ready(self.edge.as_deref(), &client).await;
        banner::print(settings, &addresses, seeded.as_ref(), output)
    }

    fn start_admin(&mut self, listener: tokio::net::TcpListener) -> Result<(), Failure> {
        let metrics = telemetry::metrics()?;
        let serve = admin::serve(
            listener,
            Arc::clone(&self.health),
            metrics,
            self.stop_admin.clone(),
        );
        self.serving.spawn("the admin listener", serve);
        Ok(())
    }

    fn start_control(&mut self, control: Control, listener: tokio::net::TcpListener) {
        self.control = Some(control.clone());
        self.health.control_runs(control.clone());
        let stop = self.stop_control.clone();
        self.serving.spawn("control", async move {
            let served = control.serve(listener, stop).await;
            served.map_err(|error| Failure::new("the gRPC listener").because(&error))
        });
    }

    fn start_edge(
        &mut self,
        config: ostia_edge::config::Config,
        client: &ControlClient,
        listener: tokio::net::TcpListener,
    ) -> Result<(), Failure> {
        let started = Edge::start(config, client);
        let edge = started.map_err(|error| Failure::new("cannot start edge").because(&error))?;
        let edge = Arc::new(edge);
        self.edge = Some(Arc::clone(&edge));
        self.health.edge_runs(Arc::clone(&edge));
        self.serving.spawn("edge", async move {
            edge.serve(listener).await;
            Ok(())
        });
        Ok(())
    }

    fn start_web(
        &mut self,
        config: ostia_web::Config,
        client: &ControlClient,
        listener: tokio::net::TcpListener,
    ) -> Result<(), Failure> {
        let router = ostia_web::router(config, client, self.stop_streams.clone());
        let router = router.map_err(|error| Failure::new("cannot start web").because(&error))?;
        let stop = self.stop_web.clone();
        self.health.web_runs();
        self.serving
            .spawn("web", listen::serve_http(listener, router, stop));
        Ok(())
    }

    /// The reverse of the start. Nobody is sent here any more once readiness is gone; the edge then
    /// finishes its calls and hands over its records, and needs control for that until the end.
    async fn stop(mut self) {
        self.health.stop();
        self.stop_streams.cancel();
        if let Some(edge) = self.edge.take() {
            edge.shutdown().await;
            tracing::info!("edge stopped");
        }
        self.stop_web.cancel();
        self.announced.clear();
        self.stop_control.cancel();
        if let Some(control) = self.control.take() {
            control.close().await;
            tracing::info!("control stopped");
        }
        self.stop_admin.cancel();
        self.serving.drain(LISTENER_DRAIN).await;
        tracing::info!("stopped");
    }
}
