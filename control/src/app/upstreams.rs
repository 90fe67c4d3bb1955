//! Upstreams: defined, changed, listed, removed.

pub(in crate::app) mod credentials;
pub(in crate::app) mod demo;
mod detail;
mod discover;
mod enable;
mod endpoint;
mod pools;
mod probe;
mod update;

pub(super) use detail::detail;
pub(crate) use discover::DEFAULT_WAIT;
pub(crate) use pools::{EdgePool, Pools};
pub(crate) use probe::Tried;

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, catalogues::StoredCatalogue, upstreams::StoredUpstream},
};
use ostia_domain::{
    tool::Tool,
    upstream::{Command, Protocol, Transport, Upstream},
};
use std::sync::Arc;

/// An upstream as operators see it.
pub(crate) struct UpstreamView {
    pub(crate) stored: StoredUpstream,
    /// Unset: no edge has reported this version.
    pub(crate) catalogue: Option<Arc<StoredCatalogue>>,
}

impl App {
    pub(crate) async fn add_upstream(
        &self,
        op: &Op,
        mut upstream: Upstream,
    ) -> Result<UpstreamView> {
        check(&upstream)?;
        let credentials = self.seal(&mut upstream, None)?;
        let stored = StoredUpstream {
            upstream,
            credentials,
            created_at: op.now,
            problem: None,
            listed: 0,
        };
        let change = self.change(op, "upstreams.add").await?;
        let name = stored.upstream.name.as_str();
        store::upstreams::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("upstream", name))?;
        change
            .commit(name, Detail::made(detail(&stored)), Touched::Snapshot)
            .await?;
        Ok(UpstreamView {
            stored,
            catalogue: None,
        })
    }

    pub(crate) async fn list_upstreams(&self) -> Result<Vec<UpstreamView>> {
        let read = self.store.read().await?;
        let upstreams = store::upstreams::list(&read).await?;
        let mut catalogues = self.catalogues.all(&read).await?;
        let views = upstreams.into_iter().map(|stored| {
            let catalogue = catalogues.remove(&stored.upstream.id);
            view(stored, catalogue)
        });
        Ok(views.collect())
    }

    pub(crate) async fn upstream(&self, reference: &str) -> Result<UpstreamView> {
        let read = self.store.read().await?;
        let stored = store::upstreams::find(&read, reference)
            .await?
            .ok_or_else(|| Error::not_found("upstream", reference))?;
        let catalogue = self
            .catalogues
            .all(&read)
            .await?
            .remove(&stored.upstream.id);
        Ok(view(stored, catalogue))
    }

    pub(crate) async fn remove_upstream(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "upstreams.remove").await?;
        let stored = store::upstreams::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("upstream", reference))?;
        store::upstreams::delete(change.tx(), stored.upstream.id).await?;
        demo::keep(change.tx(), op, &stored.upstream).await?;
        let name = stored.upstream.name.as_str();
        change
            .commit(name, Detail::removed(detail(&stored)), Touched::Snapshot)
            .await
    }

    /// The upstream, and what it was found to offer.
    pub(crate) async fn list_tools(&self, reference: &str) -> Result<(Upstream, Vec<Tool>)> {
        let view = self.upstream(reference).await?;
        let tools = view
            .catalogue
            .map(|stored| stored.catalogue.tools.clone())
            .unwrap_or_default();
        Ok((view.stored.upstream, tools))
    }
}

/// A catalogue of an older definition says nothing about this one.
fn view(stored: StoredUpstream, catalogue: Option<Arc<StoredCatalogue>>) -> UpstreamView {
    let version = stored.upstream.version;
    UpstreamView {
        catalogue: catalogue.filter(|found| found.catalogue.upstream_version == version),
        stored,
    }
}

pub(super) fn check(upstream: &Upstream) -> Result<()> {
    if upstream.call_timeout.is_zero() {
        return Err(Error::invalid(
            "definition.call_timeout",
            "must be more than nothing",
        ));
    }
    match &upstream.transport {
        Transport::Stdio(command) => check_command(command)?,
        Transport::Http(found) => endpoint::check(&endpoint::HTTP, found)?,
        Transport::Sse(found) => {
            endpoint::check(&endpoint::SSE, found)?;
            if upstream.protocol == Protocol::Modern {
                let problem = "HTTP+SSE is older than 2026-07-28: use `http`";
                return Err(Error::invalid("definition.protocol", problem));
            }
        }
    }
    demo::check(upstream)
}

fn check_command(command: &Command) -> Result<()> {
    let cwd = command.cwd.as_deref();
    if cwd.is_some_and(|path| path.contains('\0')) {
        return Err(Error::invalid(
            "definition.stdio.cwd",
            "must not contain NUL characters",
        ));
    }
    Ok(())
}

/// See [`tag`].
pub(crate) fn etag(stored: &StoredUpstream) -> String {
    tag(&detail(stored))
}
