//! Trying a definition that is not kept, and what workers of one that is wrote: an edge is asked.

use super::check;
use crate::{
    app::{
        App,
        edges::{Ask, Probed, Said},
    },
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    snapshot,
    store::{self, upstreams::StoredUpstream},
};
use ostia_domain::upstream::{Upstream, WorkerLine};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// An edge gives up after 30 s, and then says so.
const PROBE: Duration = Duration::from_secs(35);
const OUTPUT: Duration = Duration::from_secs(2);

/// What an edge found out about a definition.
pub(crate) struct Tried {
    pub(crate) edge: String,
    pub(crate) upstream: Upstream,
    pub(crate) probed: Probed,
}

impl App {
    /// `reference`: the upstream whose secrets stand for empty ones. Id and version of `upstream` are of no
    /// upstream that edges have.
    pub(crate) async fn probe_upstream(
        &self,
        op: &Op,
        reference: Option<&str>,
        upstream: Upstream,
    ) -> Result<Tried> {
        check(&upstream)?;
        let change = self.change(op, "upstreams.probe").await?;
        let before = match reference {
            Some(reference) => {
                let found = store::upstreams::find(change.tx(), reference).await?;
                Some(found.ok_or_else(|| Error::not_found("upstream", reference))?)
            }
            None => None,
        };
        let (upstream, detail) = self.with_secrets(op, upstream, before.as_ref())?;
        let name = upstream.name.to_string();
        change
            .commit(
                &name,
                Detail::done().with("tried", detail),
                Touched::Nothing,
            )
            .await?;
        let ask = Ask::Probe(Box::new(upstream.clone()));
        let mut asked = self.edges.ask(&ask, 1);
        if asked.of == 0 {
            return Err(Error(Kind::NoEdge {
                wait: Duration::ZERO,
            }));
        }
        let answer = timeout(PROBE, asked.next()).await.ok().flatten();
        let late = || Error(Kind::NoEdge { wait: PROBE });
        let answer = answer.ok_or_else(late)?;
        match answer.said {
            Said::Probed(probed) => Ok(Tried {
                edge: answer.edge,
                upstream,
                probed: *probed,
            }),
            Said::Output(_) => Err(late()),
        }
    }

    /// As if it were saved and read again, so that the same is refused; and what audit is told.
    fn with_secrets(
        &self,
        op: &Op,
        mut upstream: Upstream,
        before: Option<&StoredUpstream>,
    ) -> Result<(Upstream, serde_json::Value)> {
        if let Some(before) = before {
            // Values are sealed for it.
            upstream.id = before.upstream.id;
        }
        let credentials = self.seal(&mut upstream, before)?;
        let stored = StoredUpstream {
            upstream,
            credentials,
            created_at: op.now,
            problem: None,
            listed: 0,
        };
        let detail = json!(super::detail(&stored));
        let upstream = snapshot::open(&self.vault, stored).map_err(|_| {
            Error(Kind::Internal(
                "a value that was just sealed cannot be opened",
            ))
        })?;
        Ok((upstream, detail))
    }

    /// By name of the edge. Those that do not answer are not there.
    pub(crate) async fn worker_output(
        &self,
        reference: &str,
    ) -> Result<Vec<(String, Vec<WorkerLine>)>> {
        let upstream = store::upstreams::find(self.store.db(), reference).await?;
        let upstream = upstream.ok_or_else(|| Error::not_found("upstream", reference))?;
        let mut asked = self
            .edges
            .ask(&Ask::Output(upstream.upstream.id), usize::MAX);
        let mut edges = Vec::new();
        let collecting = async {
            while edges.len() < asked.of {
                let Some(answer) = asked.next().await else {
                    return;
                };
                if let Said::Output(lines) = answer.said {
                    edges.push((answer.edge, lines));
                }
            }
        };
        // What came by then is what there is.
        let _ = timeout(OUTPUT, collecting).await;
        edges.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(edges)
    }
}
