//! The edge: serves MCP over HTTP and runs stdio workers.
//!
//! The path of one request, in order:
//!
//! ```text
//! server            a connection, TCP_NODELAY
//! mcp::endpoint     Host and Origin, then
//!   authenticate    the key, from memory or from control          -> Principal
//!   mcp::endpoint   the body, its envelope, its era
//!   mcp::headers    (modern) headers agree with the body
//!   mcp::session    (legacy) the session opens for this principal
//! mcp::relay
//!   pipeline
//!     admit         rate and concurrency of the plan              -> Admission
//!     route         the name becomes a tool of an upstream
//!     authorize     policy                                        -> Permit
//!     pool          a place on a worker                           -> Lease
//!   upstream        the client's bytes under our id
//! mcp::conversation what is said in between, and the answer under the client's id
//! record            one record, whatever happened
//! ```
//!
//! Beside that run two tasks: `sync` follows control and keeps the [`view::View`] that requests read,
//! and `record` hands records to control. No request waits for either.

mod admit;
mod authenticate;
mod authorize;
mod backoff;
mod call;
mod changes;
pub mod config;
mod connections;
mod constrain;
pub mod error;
#[cfg(test)]
mod fixture;
mod mcp;
mod metrics;
mod pipeline;
pub mod pool;
mod record;
mod respond;
mod route;
mod server;
mod state;
mod sync;
pub mod trace;
mod upstream;
mod view;

pub use config::Config;
/// For clients of an edge that must write the headers it reads.
pub use mcp::{headers, param_headers};

use admit::{Gate, ToolRates};
use authenticate::api_key::Keys;
use call::RequestIds;
use error::StartError;
use mcp::{
    forward::Forwarder, http_sse::Streams, owner::Owner, replay::Replays, seal::Sealer,
    session::Sessions, session_tasks::SessionTasks, subscriptions::Subscriptions,
};
use ostia_domain::clock;
use ostia_proto::ControlClient;
use pool::Pools;
use record::Recorder;
use ring::rand::{SecureRandom as _, SystemRandom};
use state::State;
use std::{sync::Arc, time::Duration};
use sync::{LastGood, Reading};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// A running edge. Dropping it is not a stop: call [`Edge::shutdown`].
pub struct Edge {
    state: Arc<State>,
    reading: watch::Receiver<Reading>,
    pools: Arc<Pools>,
    /// Ends following control.
    stop_sync: CancellationToken,
    sync_tasks: TaskTracker,
    serving: TaskTracker,
}

/// What an edge serves from, as operators see it.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Of the snapshot; 0 before the first.
    pub revision: u64,
    /// How long ago control was heard of: nothing that it said since is known here. Unset: not yet.
    pub age: Option<Duration>,
    /// Objects that cannot be read and are left out.
    pub unreadable: usize,
    /// Why the first of them is, or why nothing newer is served.
    pub problem: Option<String>,
}

impl Edge {
    /// Starts following control and recording; serving begins with [`Edge::serve`].
    pub fn start(config: Config, control: &ControlClient) -> Result<Self, StartError> {
        metrics::describe();
        let control = control.acting_as(&format!("edge:{}", config.name));
        let pools = Arc::new(Pools::start(&config.own_program)?);
        let sealer = Arc::new(Sealer::new(&config.session_keys)?);
        let (revision, served) = watch::channel(0);
        let (tell_reading, reading) = watch::channel(Reading::default());
        let own = Owner {
            id: Uuid::from_bytes(random()?),
            url: config.advertise_url.clone(),
        };
        let state = Arc::new(State {
            view: Arc::default(),
            keys: Arc::new(Keys::new(
                &sealer.derive("ostia digests of API keys"),
                served.clone(),
                config.max_revocation_age,
            )),
            sessions: Sessions::new(own.clone(), Arc::clone(&sealer)),
            forwarder: Forwarder::new(Arc::clone(&sealer))
                .map_err(|error| StartError::Client(error.to_string()))?,
            own,
            sealer,
            in_flight: Arc::default(),
            questions: Arc::default(),
            parked: Arc::default(),
            announcements: Arc::default(),
            subscriptions: Subscriptions::default(),
            session_tasks: SessionTasks::default(),
            http_sse: Streams::default(),
            replays: Replays::default(),
            gate: Gate::new(control.clone()),
            tool_rates: ToolRates::default(),
            recorder: Recorder::start(control.clone(), &config.spool_dir)?,
            ids: RequestIds::new(random()?),
            tasks: TaskTracker::new(),
            served,
            draining: CancellationToken::new(),
            control,
            config,
        });
        let last_good = LastGood::new(&state.config.state_dir, Arc::clone(&state.sealer));
        let (stop_sync, sync_tasks) = (CancellationToken::new(), TaskTracker::new());
        sync_tasks.spawn(sync::run(sync::Sync {
            edge: state.config.name.clone(),
            edge_id: state.own.id,
            process: Arc::clone(&state.config.process),
            control: state.control.clone(),
            names: state.config.exposed_names,
            view: Arc::clone(&state.view),
            keys: Arc::clone(&state.keys),
            pools: Arc::clone(&pools),
            announcements: Arc::clone(&state.announcements),
            served: revision,
            reading: tell_reading,
            last_good: Arc::new(last_good),
            trials: Arc::new(Semaphore::new(sync::TRIALS)),
            tasks: sync_tasks.clone(),
            stop: stop_sync.clone(),
        }));
        Ok(Self {
            state,
            reading,
            pools,
            stop_sync,
            sync_tasks,
            serving: TaskTracker::new(),
        })
    }

    /// Serves MCP on this listener until the edge shuts down.
    pub async fn serve(&self, listener: TcpListener) {
        self.serving
            .track_future(server::serve(Arc::clone(&self.state), listener))
            .await;
    }

    /// Whether requests can be served.
    pub fn ready(&self) -> bool {
        self.state.ready()
    }

    /// What is served, and from when. `None`: nothing, and nothing came that should have been.
    pub fn snapshot(&self) -> Option<Serving> {
        let revision = *self.state.served.borrow();
        let heard = self.state.keys.heard_at();
        let Reading {
            unreadable,
            problem,
        } = self.reading.borrow().clone();
        (revision > 0 || problem.is_some()).then(|| Serving {
            revision,
            age: heard.map(|heard| clock::instant().duration_since(heard)),
            unreadable,
            problem,
        })
    }

    /// Whether there are tools of this upstream that can be called.
    pub fn offers(&self, upstream: &str) -> bool {
        let view = self.state.view.load();
        view.upstream(upstream)
            .is_some_and(|upstream| !upstream.tools.is_empty())
    }

    /// Takes no more requests, lets those under way end within the drain timeout, ends all workers and
    /// hands over what is still to be recorded.
    pub async fn shutdown(&self) {
        self.state.draining.cancel();
        self.serving.close();
        self.state.tasks.close();
        let drained = async {
            self.serving.wait().await;
            self.state.tasks.wait().await;
        };
        if tokio::time::timeout(self.state.config.drain_timeout, drained)
            .await
            .is_err()
        {
            tracing::warn!("calls were still under way when the drain timeout ran out");
        }
        self.state.gate.shutdown().await;
        self.stop_sync.cancel();
        self.sync_tasks.close();
        self.pools.shutdown().await;
        self.sync_tasks.wait().await;
        self.state.recorder.shutdown().await;
    }
}

fn random<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| StartError::Randomness)?;
    Ok(bytes)
}
