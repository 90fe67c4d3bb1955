//! Follows control: snapshots become views, changed keys are forgotten, catalogues are reported.

mod discover;
mod last_good;
mod pools;
mod questions;
mod reading;

pub use last_good::LastGood;
pub use questions::TRIALS;
pub use reading::Reading;

use crate::{
    admit, authenticate::api_key::Keys, backoff::Backoff, changes::Announcements, pool::Pools,
    view::View,
};
use arc_swap::ArcSwap;
use discover::Discoverers;
use ostia_domain::{name::ExposedNames, settings::Process, snapshot::Snapshot};
use ostia_proto::{
    ControlClient,
    v1::{self, SnapshotOf, WatchRequest, watch_response::Event},
};
use reading::Known;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// Control sends a heartbeat at least every 5 s; silence this long is a dead connection.
const SILENCE: Duration = Duration::from_secs(15);

/// What following control needs, and what it keeps up to date.
pub struct Sync {
    pub edge: String,
    /// Of this start.
    pub edge_id: Uuid,
    pub process: Arc<Process>,
    pub control: ControlClient,
    pub names: ExposedNames,
    pub view: Arc<ArcSwap<View>>,
    pub keys: Arc<Keys>,
    pub pools: Arc<Pools>,
    pub announcements: Arc<Announcements>,
    /// Told the revision of each snapshot once it is served.
    pub served: watch::Sender<u64>,
    /// Told how much of the newest message could be read.
    pub reading: watch::Sender<Reading>,
    pub last_good: Arc<LastGood>,
    /// A place for each definition that is tried at once.
    pub trials: Arc<Semaphore>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

/// What following leaves behind for the next connection.
#[derive(Default)]
struct Followed {
    discoverers: Discoverers,
    /// What changes go on from.
    known: Option<Known>,
}

/// Follows control until the edge stops, through every break.
pub async fn run(sync: Sync) {
    tokio::select! {
        () = follow_forever(&sync) => {}
        () = pools::report(&sync) => {}
        () = sync.stop.cancelled() => {}
    }
}

async fn follow_forever(sync: &Sync) {
    let mut followed = Followed::default();
    let last_good = Arc::clone(&sync.last_good);
    sync.tasks
        .spawn(last_good.keep(Arc::clone(&sync.keys), sync.stop.clone()));
    let mut backoff = Backoff::new(FIRST_BACKOFF, MAX_BACKOFF);
    loop {
        match follow(sync, &mut followed).await {
            Heard::Some => backoff.reset(),
            Heard::Nothing => {
                if *sync.served.borrow() == 0 {
                    start_from_disk(sync, &mut followed.discoverers);
                }
            }
        }
        tokio::time::sleep(backoff.wait()).await;
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
    // What control sends may be why: that stays said.
    let unreadable = found.left_out.count();
    sync.reading
        .send_modify(|reading| reading.unreadable = unreadable);
    serve(sync, discoverers, &found.snapshot);
}

/// How far one connection came.
#[derive(Clone, Copy)]
enum Heard {
    Some,
    /// Also: nothing that could be read.
    Nothing,
}

async fn follow(sync: &Sync, followed: &mut Followed) -> Heard {
    let request = WatchRequest {
        edge: sync.edge.clone(),
        known: followed.known.as_ref().map(|known| SnapshotOf {
            source: known.source.clone(),
            revision: known.snapshot.revision,
        }),
        answers: true,
        process: Some((*sync.process).clone().into()),
        edge_id: sync.edge_id.to_string(),
    };
    let mut events = match sync.control.sync().watch(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            tracing::warn!(%status, "control cannot be followed");
            return Heard::Nothing;
        }
    };
    let mut heard = Heard::Nothing;
    loop {
        let event = match tokio::time::timeout(SILENCE, events.message()).await {
            Ok(Ok(Some(event))) => event,
            Ok(Ok(None)) => return heard,
            Ok(Err(status)) => {
                tracing::warn!(%status, "the connection to control broke");
                return heard;
            }
            Err(_) => {
                tracing::warn!("control is silent; connecting anew");
                return heard;
            }
        };
        // Only now: a control that takes connections and knows nothing gives no reason for doubt.
        if matches!(heard, Heard::Nothing) {
            sync.keys.reconnected();
            heard = Heard::Some;
        }
        let taken = match event.event {
            Some(Event::Snapshot(snapshot)) => reading::snapshot(snapshot).map(Some),
            Some(Event::SnapshotChange(message)) => match followed.known.take() {
                Some(known) => reading::change(known, message),
                None => Ok(None),
            },
            Some(Event::KeysChanged(changed)) => {
                forget(sync, &changed);
                sync.keys.heard();
                continue;
            }
            Some(Event::Question(question)) => {
                questions::answer(sync, question);
                sync.keys.heard();
                continue;
            }
            Some(Event::Heartbeat(_)) => {
                sync.keys.heard();
                continue;
            }
            // Of a newer contract: what it says was not heard.
            None => continue,
        };
        match taken {
            Ok(Some(known)) => {
                // Before anybody can call by what it says.
                sync.keys.heard();
                take(sync, followed, known);
            }
            Ok(None) => {
                tracing::warn!("a change is not one of what this edge has: it asks for all of it");
                return Heard::Some;
            }
            Err(problem) => {
                tracing::error!(%problem, "what control sends cannot be read: what was known last serves, as long as it may");
                sync.reading
                    .send_modify(|reading| *reading = reading.without(&problem));
                return Heard::Nothing;
            }
        }
    }
}

fn take(sync: &Sync, followed: &mut Followed, known: Known) {
    sync.last_good.is_now(Arc::clone(&known.snapshot));
    sync.reading.send_replace(Reading::of(&known.left_out));
    serve(sync, &mut followed.discoverers, &known.snapshot);
    followed.known = Some(known);
}

/// Puts a new view in place.
fn serve(sync: &Sync, discoverers: &mut Discoverers, snapshot: &Snapshot) {
    let upstreams: Vec<_> = snapshot
        .upstreams
        .values()
        .map(|upstream| {
            let found = snapshot.catalogues.get(&upstream.id);
            let found = found.filter(|found| found.upstream_version == upstream.version);
            (Arc::clone(upstream), found.map(|found| found.era))
        })
        .collect();
    let pools = sync.pools.reconcile(&upstreams);
    discoverers.follow(sync, pools.values(), snapshot);
    let before = sync.view.load_full();
    let limits = admit::reconcile(&before.limits, &snapshot.plans);
    let view = View::compile(snapshot, &before, &pools, limits, sync.names);
    tracing::info!(
        revision = view.revision,
        upstreams = view.upstreams.len(),
        "serving a new snapshot"
    );
    let revision = view.revision;
    let unreadable = sync.reading.borrow().unreadable;
    sync.view.store(Arc::new(view));
    sync.served.send_replace(revision);
    #[allow(clippy::cast_precision_loss, reason = "gauges")]
    {
        metrics::gauge!("ostia_snapshot_unreadable_objects").set(unreadable as f64);
        metrics::gauge!("ostia_snapshot_revision").set(revision as f64);
    }
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
