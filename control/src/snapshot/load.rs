//! Reading a snapshot: all of it at one revision.

use crate::{
    error::Result,
    store::{self, Store, upstreams::StoredUpstream},
    vault::{self, CREDENTIAL, CannotOpen, Vault},
};
use ostia_domain::{snapshot::Snapshot, upstream::Upstream};

pub(super) async fn snapshot(store: &Store, vault: &Vault) -> Result<Snapshot> {
    let read = store.read().await?;
    let revision = store::revisions::current(&read).await?.snapshot;
    let upstreams = store::upstreams::list(&read).await?;
    let catalogues = store::catalogues::list(&read).await?;
    Ok(Snapshot {
        revision: revision.unsigned_abs(),
        upstreams: upstreams
            .into_iter()
            .filter_map(|stored| openable(vault, stored))
            .collect(),
        catalogues: catalogues
            .into_iter()
            .map(|stored| stored.catalogue)
            .collect(),
        policies: store::policies::readable(&read).await?,
        plans: store::plans::list(&read).await?,
        bundles: store::bundles::readable(&read).await?,
    })
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

fn open(vault: &Vault, stored: StoredUpstream) -> Result<Upstream, CannotOpen> {
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
