//! Tells control what runs here, for operators to see. No call waits for it.

use super::Sync;
use ostia_proto::v1::ReportPoolsRequest;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

const EVERY: Duration = Duration::from_secs(3);
/// As many as control takes: of more upstreams the rest is not told.
const MOST: usize = 10_000;

/// Until the edge stops.
pub(super) async fn report(sync: &Sync) {
    let mut ticks = interval(EVERY);
    // What was missed while control was away is of no use to anybody.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let running = sync.pools.running().into_iter().take(MOST);
        let request = ReportPoolsRequest {
            edge: sync.edge.clone(),
            edge_id: sync.edge_id.to_string(),
            pools: running.map(Into::into).collect(),
        };
        let told = timeout(EVERY, sync.control.sync().report_pools(request)).await;
        if !matches!(told, Ok(Ok(_))) {
            tracing::debug!(?told, "control was not told what runs here");
        }
    }
}
