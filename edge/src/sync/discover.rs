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
use ostia_domain::{snapshot::Objects, upstream::Catalogue};
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
    /// `known` is what earlier edges found.
    pub(super) fn follow<'p>(
        &mut self,
        sync: &Sync,
        pools: impl Iterator<Item = &'p Arc<Pool>>,
        known: &Objects<Catalogue>,
    ) {
        let mut followed = HashMap::new();
        for pool in pools {
            let (id, version) = (pool.upstream.id, pool.upstream.version);
            if self.0.get(&id) != Some(&version) {
                let (pool, control) = (Arc::clone(pool), sync.control.clone());
                let announcements = Arc::clone(&sync.announcements);
                let stop = sync.stop.clone();
                let known = known
                    .get(&id)
                    .filter(|found| found.upstream_version == version);
                let known = known.map(|found| Catalogue::clone(found));
                sync.tasks.spawn(async move {
                    tokio::select! {
                        () = report_forever(&pool, known, &control, &announcements) => {}
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
    control: &ControlClient,
    announcements: &Announcements,
) {
    let mut retry = FIRST_RETRY;
    let mut asking = None;
    let mut changes = pool.changes.listen();
    loop {
        let found = catalogue::discover(pool, known.as_ref(), &mut asking).await;
        let (catalogue, problem) = match found {
            Ok(Found { catalogue, problem }) => (Some(catalogue), problem),
            Err(problem) => (None, Some(problem)),
        };
        if let Some(problem) = &problem {
            tracing::warn!(upstream = %pool.upstream.name, problem, "the upstream cannot be listed");
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
        if report(pool, control, catalogue, problem).await && complete {
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
    catalogue: Option<Catalogue>,
    problem: Option<String>,
) -> bool {
    let request = ReportCatalogueRequest {
        catalogue: catalogue.map(Into::into),
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
