//! Follows control: snapshots become views, changed keys are forgotten, catalogues are reported.

mod discover;
mod last_good;

pub use last_good::LastGood;

use crate::{admit, authenticate::api_key::Keys, changes::Announcements, pool::Pools, view::View};
use arc_swap::ArcSwap;
use discover::Discoverers;
use ostia_domain::{name::ExposedNames, snapshot::Snapshot};
use ostia_proto::{
    ControlClient,
    v1::{self, WatchRequest, watch_response::Event},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// Control sends a heartbeat at least every 5 s; silence this long is a dead connection.
const SILENCE: Duration = Duration::from_secs(15);

/// What following control needs, and what it keeps up to date.
pub struct Sync {
    pub edge: String,
    pub control: ControlClient,
    pub names: ExposedNames,
    pub view: Arc<ArcSwap<View>>,
    pub keys: Arc<Keys>,
    pub pools: Arc<Pools>,
    pub announcements: Arc<Announcements>,
    /// Told the revision of each snapshot once it is served.
    pub served: watch::Sender<u64>,
    pub last_good: Arc<LastGood>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

/// Follows control until the edge stops, through every break.
pub async fn run(sync: Sync) {
    let mut discoverers = Discoverers::default();
    let (last_good, keys, stop) = (sync.last_good.clone(), sync.keys.clone(), sync.stop.clone());
    sync.tasks
        .spawn(async move { last_good.keep(&keys, &stop).await });
    let mut backoff = FIRST_BACKOFF;
    while !sync.stop.is_cancelled() {
        let followed = tokio::select! {
            followed = follow(&sync, &mut discoverers) => followed,
            () = sync.stop.cancelled() => return,
        };
        match followed {
            Followed::Some => backoff = FIRST_BACKOFF,
            Followed::Nothing => {
                if *sync.served.borrow() == 0 {
                    start_from_disk(&sync, &mut discoverers);
                }
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(spread(backoff)) => {}
            () = sync.stop.cancelled() => return,
        }
    }
}

/// Control is away and nothing was heard of it yet: what was known before this start serves, as long as no
/// revocation can have been missed for too long.
fn start_from_disk(sync: &Sync, discoverers: &mut Discoverers) {
    let Some(found) = sync.last_good.load() else {
        return;
    };
    tracing::warn!(
        heard_at = %found.heard_at, revision = found.snapshot.revision, keys = found.keys.len(),
        "control cannot be reached: serving what was known last"
    );
    sync.keys
        .restore(found.keys, last_good::instant_of(found.heard_at));
    apply(sync, discoverers, found.snapshot);
}

/// A little more or less, so that many edges do not come back at one moment.
fn spread(backoff: Duration) -> Duration {
    let random = Uuid::new_v4().as_bytes()[0];
    backoff.mul_f64(0.75 + f64::from(random) / 512.0)
}

/// How far one connection came.
enum Followed {
    Some,
    Nothing,
}

async fn follow(sync: &Sync, discoverers: &mut Discoverers) -> Followed {
    let request = WatchRequest {
        edge: sync.edge.clone(),
    };
    let mut events = match sync.control.sync().watch(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            tracing::warn!(%status, "control cannot be followed");
            return Followed::Nothing;
        }
    };
    // What changed since the last connection is not known.
    sync.keys.forget(&HashSet::new());
    loop {
        let event = match tokio::time::timeout(SILENCE, events.message()).await {
            Ok(Ok(Some(event))) => event,
            Ok(Ok(None)) => return Followed::Some,
            Ok(Err(status)) => {
                tracing::warn!(%status, "the connection to control broke");
                return Followed::Some;
            }
            Err(_) => {
                tracing::warn!("control is silent; connecting anew");
                return Followed::Some;
            }
        };
        match event.event {
            Some(Event::Snapshot(snapshot)) => {
                sync.last_good.is_now(snapshot.clone());
                apply(sync, discoverers, snapshot);
            }
            Some(Event::KeysChanged(changed)) => forget(sync, &changed),
            Some(Event::Heartbeat(_)) | None => {}
        }
        sync.keys.heard();
    }
}

/// Puts a new view in place. A snapshot that cannot be read is refused whole; the last one serves on.
fn apply(sync: &Sync, discoverers: &mut Discoverers, snapshot: v1::Snapshot) {
    let snapshot = match Snapshot::try_from(snapshot) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            tracing::error!(%error, "control sent a snapshot that cannot be read");
            return;
        }
    };
    let upstreams: Vec<_> = snapshot
        .upstreams
        .iter()
        .map(|upstream| {
            let era = snapshot
                .catalogues
                .iter()
                .find(|found| {
                    found.upstream_id == upstream.id && found.upstream_version == upstream.version
                })
                .map(|found| found.era);
            (Arc::new(upstream.clone()), era)
        })
        .collect();
    let pools = sync.pools.reconcile(&upstreams);
    discoverers.follow(sync, pools.values(), &snapshot.catalogues);
    let limits = admit::reconcile(&sync.view.load().limits, snapshot.plans.clone());
    let view = View::compile(snapshot, &pools, limits, sync.names);
    tracing::info!(
        revision = view.revision,
        upstreams = view.upstreams.len(),
        "serving a new snapshot"
    );
    let revision = view.revision;
    sync.view.store(Arc::new(view));
    sync.served.send_replace(revision);
    #[allow(clippy::cast_precision_loss, reason = "a gauge")]
    metrics::gauge!("ostia_snapshot_revision").set(revision as f64);
}

/// An id that cannot be read means that any key may have changed.
fn forget(sync: &Sync, changed: &v1::KeysChanged) {
    let ids: Result<HashSet<_>, _> = changed
        .key_ids
        .iter()
        .map(|id| Uuid::try_parse(id))
        .collect();
    sync.keys.forget(&ids.unwrap_or_default());
}
