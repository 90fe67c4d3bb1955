//! Reports what upstreams offer: once for every pool, and again when one says that it changed.

use super::Sync;
use crate::{
    changes::Announcements,
    pool::{Pool, changes::Change},
    upstream::{catalogue, listen::keep_listening},
};
use ostia_proto::{ControlClient, v1::ReportCatalogueRequest};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(60);

/// Which version of each upstream has a task that reports on it.
#[derive(Default)]
pub(super) struct Discoverers(HashMap<Uuid, u64>);

impl Discoverers {
    pub(super) fn follow<'p>(&mut self, sync: &Sync, pools: impl Iterator<Item = &'p Arc<Pool>>) {
        let mut followed = HashMap::new();
        for pool in pools {
            let (id, version) = (pool.upstream.id, pool.upstream.version);
            if self.0.get(&id) != Some(&version) {
                let (pool, control) = (Arc::clone(pool), sync.control.clone());
                let announcements = Arc::clone(&sync.announcements);
                let stop = sync.stop.clone();
                sync.tasks.spawn(async move {
                    tokio::select! {
                        () = report_forever(&pool, &control, &announcements) => {}
                        () = pass_on_updates(&pool, &announcements) => {}
                        () = keep_listening(&pool) => {}
                        () = pool.retired() => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            followed.insert(id, version);
        }
        self.0 = followed;
    }
}

/// Updates of resources are in no catalogue.
async fn pass_on_updates(pool: &Pool, announcements: &Announcements) {
    let mut changes = pool.changes.listen();
    loop {
        match changes.recv().await {
            Ok(change @ Change::Updated(_)) => announcements.announce(pool.upstream.id, change),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            // The pool is gone.
            Err(RecvError::Closed) => return,
        }
    }
}

async fn report_forever(pool: &Arc<Pool>, control: &ControlClient, announcements: &Announcements) {
    let mut retry = FIRST_RETRY;
    let mut asking = Vec::new();
    let mut changes = pool.changes.listen();
    let mut known = None;
    loop {
        let found = catalogue::discover(pool, &mut asking).await;
        let succeeded = found.is_ok();
        let name = pool.upstream.name.to_string();
        metrics::gauge!("ostia_upstream_reachable", "upstream" => name).set(f64::from(succeeded));
        // What changed shows in the next view. What an upstream says that it changed, and did not, shows
        // nowhere else.
        let same = found.is_ok() && known.as_ref() == found.as_ref().ok();
        let mut said = Vec::new();
        while let Ok(change) = changes.try_recv() {
            if same && !matches!(change, Change::Updated(_)) && !said.contains(&change) {
                said.push(change.clone());
                announcements.announce(pool.upstream.id, change);
            }
        }
        known = found.as_ref().ok().cloned().or(known);
        let reported = report(pool, control, found).await;
        if succeeded && reported {
            retry = FIRST_RETRY;
            pool.changes.rediscover.notified().await;
        } else {
            tokio::time::sleep(retry).await;
            retry = (retry * 2).min(MAX_RETRY);
        }
    }
}

async fn report(
    pool: &Pool,
    control: &ControlClient,
    found: Result<ostia_domain::upstream::Catalogue, String>,
) -> bool {
    let (catalogue, problem) = match found {
        Ok(catalogue) => (Some(catalogue.into()), None),
        Err(problem) => {
            tracing::warn!(upstream = %pool.upstream.name, problem, "the upstream's tools cannot be listed");
            (None, Some(problem))
        }
    };
    let request = ReportCatalogueRequest {
        catalogue,
        upstream_id: pool.upstream.id.to_string(),
        upstream_version: pool.upstream.version,
        problem,
    };
    match control.sync().report_catalogue(request).await {
        Ok(_) => true,
        Err(status) => {
            tracing::warn!(%status, upstream = %pool.upstream.name, "control takes no catalogue");
            false
        }
    }
}
