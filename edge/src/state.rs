//! What every request of an edge shares.

use crate::{
    admit::{Gate, ToolRates},
    authenticate::api_key::Keys,
    call::{Arrival, RequestIds, client_address},
    changes::Announcements,
    config::Config,
    mcp::{
        forward::Forwarder, http_sse::Streams, in_flight::InFlight, owner::Owner, parked::Parked,
        questions::Questions, replay::Replays, seal::Sealer, session::Sessions,
        session_tasks::SessionTasks, subscriptions::Subscriptions,
    },
    record::Recorder,
    view::View,
};
use arc_swap::ArcSwap;
use http::HeaderMap;
use ostia_domain::clock;
use ostia_proto::ControlClient;
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub struct State {
    pub config: Config,
    pub control: ControlClient,
    pub view: Arc<ArcSwap<View>>,
    pub keys: Arc<Keys>,
    pub sealer: Arc<Sealer>,
    /// This edge, as what it seals names it.
    pub own: Owner,
    pub forwarder: Forwarder,
    pub sessions: Sessions,
    pub in_flight: Arc<InFlight>,
    pub questions: Arc<Questions>,
    pub parked: Arc<Parked>,
    pub announcements: Arc<Announcements>,
    pub subscriptions: Subscriptions,
    pub session_tasks: SessionTasks,
    pub http_sse: Streams,
    pub replays: Replays,
    pub gate: Gate,
    pub tool_rates: ToolRates,
    pub recorder: Arc<Recorder>,
    pub ids: RequestIds,
    /// Calls that go on without their client.
    pub tasks: TaskTracker,
    /// The revision that is served; 0 before the first snapshot.
    pub served: watch::Receiver<u64>,
    pub draining: CancellationToken,
}

impl State {
    pub fn arrive(&self, peer: SocketAddr, headers: &HeaderMap) -> Arrival {
        let at = clock::now();
        Arrival {
            id: self.ids.next(at),
            at,
            started: clock::instant(),
            remote: client_address(peer.ip(), headers, &self.config.trusted_proxies),
        }
    }

    pub fn draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Whether requests can be served: there is a snapshot, and no stop was asked for.
    pub fn ready(&self) -> bool {
        *self.served.borrow() > 0 && !self.draining()
    }
}
