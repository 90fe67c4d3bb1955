//! Reports what upstreams offer: once for every pool, and again when one says that it changed.

use super::Sync;
use crate::{
    changes::Announcements,
    pool::Pool,
    upstream::{
        catalogue::{self, Found},
        listen::keep_listening,
    },
};
use ostia_domain::{clock, snapshot::Snapshot, upstream::Catalogue};
use ostia_proto::{
    ControlClient,
    convert::timestamp,
    v1::{ReportCatalogueRequest, UpstreamStage},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::{broadcast::error::RecvError, watch};
use uuid::Uuid;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(60);

/// The tasks that report on upstreams, one for each.
#[derive(Default)]
pub(super) struct Discoverers(HashMap<Uuid, Followed>);

/// An upstream that has a task.
struct Followed {
    version: u64,
    /// Tells the task which listing is asked for.
    listing: watch::Sender<u64>,
}

impl Discoverers {
    /// The snapshot has what earlier edges found, and what is asked for.
    pub(super) fn follow<'p>(
        &mut self,
        sync: &Sync,
        pools: impl Iterator<Item = &'p Arc<Pool>>,
        snapshot: &Snapshot,
    ) {
        let mut followed = HashMap::new();
        for pool in pools {
            let (id, version) = (pool.upstream.id, pool.upstream.version);
            let newest = snapshot.upstreams.get(&id);
            let listing = newest.map_or(0, |found| found.listing);
            let same = self.0.remove(&id).filter(|task| task.version == version);
            let task = same.unwrap_or_else(|| {
                let (sender, listing) = watch::channel(listing);
                let (pool, control) = (Arc::clone(pool), sync.control.clone());
                let announcements = Arc::clone(&sync.announcements);
                let stop = sync.stop.clone();
                let known = snapshot.catalogues.get(&id);
                let known = known
                    .filter(|found| found.upstream_version == version)
                    .map(|found| Catalogue::clone(found));
                sync.tasks.spawn(async move {
                    tokio::select! {
                        () = report_forever(&pool, known, listing, &control, &announcements) => {}
                        () = pass_on_updates(&pool, &announcements) => {}
                        () = keep_listening(&pool) => {}
                        () = pool.retired() => {}
                        () = stop.cancelled() => {}
                    }
                });
                Followed {
                    version,
                    listing: sender,
                }
            });
            task.listing.send_if_modified(|known| {
                let asked = *known < listing;
                *known = listing.max(*known);
                asked
            });
            followed.insert(id, task);
        }
        self.0 = followed;
    }
}

/// Updates of resources and tasks are in no catalogue.
async fn pass_on_updates(pool: &Pool, announcements: &Announcements) {
    let mut changes = pool.changes.listen();
    loop {
        match changes.recv().await {
            Ok(change) if !change.is_list() => announcements.announce(pool.upstream.id, change),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            // The pool is gone.
            Err(RecvError::Closed) => return,
        }
    }
}

async fn report_forever(
    pool: &Arc<Pool>,
    mut known: Option<Catalogue>,
    mut listing: watch::Receiver<u64>,
    control: &ControlClient,
    announcements: &Announcements,
) {
    let mut retry = FIRST_RETRY;
    let mut asking = None;
    let mut failing_since = None;
    let mut changes = pool.changes.listen();
    loop {
        // Before it is done: what is asked for meanwhile is another one.
        let asked = *listing.borrow_and_update();
        let found = catalogue::discover(pool, known.as_ref(), &mut asking).await;
        let (catalogue, problem) = match found {
            Ok(Found { catalogue, problem }) => (Some(catalogue), problem),
            Err(problem) => (None, Some(problem)),
        };
        if let Some(problem) = &problem {
            let (upstream, stage) = (&pool.upstream.name, problem.stage.as_str());
            tracing::warn!(%upstream, stage, %problem, "the upstream cannot be listed");
            failing_since.get_or_insert_with(clock::now);
        } else {
            failing_since = None;
        }
        // What changed shows in the next view. What an upstream says that it changed, and did not, shows
        // nowhere else.
        let same = catalogue.is_some() && known == catalogue;
        let mut said = Vec::new();
        while let Ok(change) = changes.try_recv() {
            if same && change.is_list() && !said.contains(&change) {
                said.push(change.clone());
                announcements.announce(pool.upstream.id, change);
            }
        }
        known = catalogue.clone().or(known);
        let complete = problem.is_none();
        let stage = problem
            .as_ref()
            .map(|problem| UpstreamStage::from(problem.stage));
        let request = ReportCatalogueRequest {
            catalogue: catalogue.map(Into::into),
            upstream_id: pool.upstream.id.to_string(),
            upstream_version: pool.upstream.version,
            problem: problem.map(|problem| problem.text),
            listing: asked,
            stage: stage.unwrap_or_default().into(),
            failing_since: failing_since.map(timestamp),
        };
        let done = report(pool, control, request).await && complete;
        let pause = retry;
        let again = async {
            if done {
                pool.changes.rediscover.notified().await;
            } else {
                tokio::time::sleep(pause).await;
            }
        };
        retry = if done {
            FIRST_RETRY
        } else {
            (retry * 2).min(MAX_RETRY)
        };
        tokio::select! {
            () = again => {}
            // Without a sender this task is about to end.
            Ok(()) = listing.changed() => {}
        }
    }
}

async fn report(pool: &Pool, control: &ControlClient, request: ReportCatalogueRequest) -> bool {
    match control.sync().report_catalogue(request).await {
        Ok(_) => true,
        Err(status) => {
            tracing::warn!(%status, upstream = %pool.upstream.name, "control takes no catalogue");
            false
        }
    }
}
