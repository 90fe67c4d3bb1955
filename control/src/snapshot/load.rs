//! Reading a snapshot: all of it at one revision.

use crate::{
    error::Result,
    store::{self, Store, Tx, catalogues::Edition, upstreams::StoredUpstream},
    vault::{self, CREDENTIAL, CannotOpen, Vault},
};
use ostia_domain::{
    snapshot::{Objects, Snapshot, objects},
    upstream::{Catalogue, Upstream},
};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Reads snapshots, and remembers catalogues: they are most of what there is, and seldom change.
pub(crate) struct Loader {
    store: Store,
    vault: Arc<Vault>,
    catalogues: HashMap<Uuid, (Edition, Arc<Catalogue>)>,
}

impl Loader {
    pub(crate) fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self {
            store,
            vault,
            catalogues: HashMap::new(),
        }
    }

    pub(super) async fn load(&mut self) -> Result<Snapshot> {
        let read = self.store.read().await?;
        let revision = store::revisions::current(&read).await?.snapshot;
        let upstreams = store::upstreams::readable(&read).await?;
        let upstreams = upstreams.into_iter();
        Ok(Snapshot {
            revision: revision.unsigned_abs(),
            catalogues: self.catalogues(&read).await?,
            upstreams: objects(upstreams.filter_map(|stored| openable(&self.vault, stored))),
            policies: objects(store::policies::readable(&read).await?),
            plans: objects(store::plans::readable(&read).await?),
            bundles: objects(store::bundles::readable(&read).await?),
        })
    }

    async fn catalogues(&mut self, read: &Tx) -> Result<Objects<Catalogue>> {
        let mut known = std::mem::take(&mut self.catalogues);
        for (id, edition) in store::catalogues::editions(read).await? {
            let same = known.remove(&id).filter(|(known, _)| *known == edition);
            let catalogue = match same {
                Some((_, catalogue)) => Some(catalogue),
                None => match store::catalogues::find(read, id).await {
                    // Its upstream is there without anything to offer.
                    Err(store::Error::Unreadable(what)) => {
                        tracing::error!(upstream_id = %id, what, "a catalogue is left out");
                        None
                    }
                    found => found?.map(|stored| Arc::new(stored.catalogue)),
                },
            };
            let catalogue = catalogue.map(|catalogue| (id, (edition, catalogue)));
            self.catalogues.extend(catalogue);
        }
        let all = self.catalogues.iter();
        let all = all.map(|(id, (_, catalogue))| (*id, Arc::clone(catalogue)));
        Ok(all.collect())
    }
}

/// An upstream whose credentials cannot be opened is left out: started without them it would do
/// something else than what was asked for.
fn openable(vault: &Vault, stored: StoredUpstream) -> Option<Upstream> {
    let name = stored.upstream.name.clone();
    open(vault, stored)
        .inspect_err(|_| {
            tracing::error!(
                upstream = %name,
                "its credentials cannot be opened, so no edge gets it: is the master key the one they were sealed with?"
            );
        })
        .ok()
}

/// With its credentials in clear.
pub(crate) fn open(vault: &Vault, stored: StoredUpstream) -> Result<Upstream, CannotOpen> {
    let (mut upstream, mut credentials) = (stored.upstream, stored.credentials);
    let slot = vault::slot(&upstream.transport, CREDENTIAL).into_owned();
    let endpoint = upstream.transport.endpoint_mut();
    if let Some(credential) = endpoint.and_then(|endpoint| endpoint.credential.as_mut()) {
        let sealed = credentials.remove(CREDENTIAL).ok_or(CannotOpen)?;
        *credential.secret_mut() = vault.open(upstream.id, &slot, &sealed)?;
    }
    for (name, sealed) in credentials {
        let slot = vault::slot(&upstream.transport, &name);
        let value = vault.open(upstream.id, &slot, &sealed)?;
        upstream.transport.credentials_mut().insert(name, value);
    }
    Ok(upstream)
}
