//! What edges report: calls that were made, and what upstreams were found to offer.

mod collisions;

use super::App;
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched},
    store::{
        self,
        narrow::first_id,
        records::Oldest,
        upstreams::{StoredProblem, StoredUpstream},
    },
};
use chrono::TimeDelta;
use ostia_domain::{
    audit::CallRecord,
    clock::Timestamp,
    tool::Tool,
    upstream::{Catalogue, Stage, Upstream},
};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

const MAX_RECORDS: usize = 1_000;

/// What one attempt to reach an upstream led to.
pub(crate) struct Report {
    pub(crate) upstream_id: Uuid,
    /// The definition that was tried.
    pub(crate) upstream_version: u64,
    pub(crate) catalogue: Option<Catalogue>,
    pub(crate) problem: Option<StoredProblem>,
    /// The newest one that was asked for when this one began.
    pub(crate) listing: u64,
}

impl App {
    /// Without [`Op::change`]: these are audit events, not a change that needs one.
    pub(crate) async fn record(&self, op: &Op, records: &[CallRecord]) -> Result<()> {
        if records.len() > MAX_RECORDS {
            let problem = format!("are more than {MAX_RECORDS}");
            return Err(Error::invalid("records", problem));
        }
        let ages = self
            .retention
            .map(|kept| (kept.audit_calls, kept.usage_records));
        let (audit, usage) = ages.unwrap_or_default();
        let oldest = Oldest {
            audit: first_kept(op.now, audit),
            usage: first_kept(op.now, usage),
        };
        let sealed = self.seal_arguments(records)?;
        store::records::write(&self.store, records, &sealed, oldest).await?;
        self.uses.keys_used(records, op.now);
        Ok(())
    }

    /// What is kept of the arguments, by event. Here and not where it is written: no transaction waits for it.
    fn seal_arguments(&self, records: &[CallRecord]) -> Result<HashMap<Uuid, Vec<u8>>> {
        let kept = records
            .iter()
            .filter_map(|record| Some((record.id, record.arguments.as_ref()?)));
        kept.map(|(event, kept)| Ok((event, self.vault.seal_arguments(event, &kept.json)?)))
            .collect()
    }

    /// Keeps what is new in a report, and tells whoever waits for it.
    pub(crate) async fn report_catalogue(&self, op: &Op, report: Report) -> Result<()> {
        check(&report)?;
        self.keep_news(op, &report).await?;
        let id = report.upstream_id.to_string();
        let known = store::upstreams::find(self.store.db(), &id).await?;
        let asked = known.is_some_and(|stored| {
            stored.upstream.version == report.upstream_version && stored.listed < report.listing
        });
        if asked {
            let write = self.store.write().await?;
            store::upstreams::set_listed(write.tx(), report.upstream_id, report.listing).await?;
            write.commit().await?;
            self.reported.notify_waiters();
        }
        Ok(())
    }

    /// Edges report after each start, so most say what is known, and that writes nothing and wakes nobody.
    async fn keep_news(&self, op: &Op, report: &Report) -> Result<()> {
        let id = report.upstream_id.to_string();
        if self.news(op, self.store.db(), &id, report).await?.is_none() {
            return Ok(());
        }
        let change = self.change(op, "upstreams.report").await?;
        // Again, in the transaction: another edge may have reported the same meanwhile.
        let Some(news) = self.news(op, change.tx(), &id, report).await? else {
            return Ok(());
        };
        let problem = news.problem.as_ref();
        store::upstreams::set_problem(change.tx(), report.upstream_id, problem).await?;
        if let Some(found) = news.catalogue {
            store::catalogues::replace(change.tx(), found, op.now).await?;
        }
        let touched = match news.catalogue {
            Some(_) => Touched::Snapshot,
            None => Touched::Nothing,
        };
        let name = news.upstream.upstream.name.as_str();
        change.commit(name, news.detail, touched).await
    }

    /// What a report says that is not known yet. `None`: nothing, or nothing about this definition.
    async fn news<'a>(
        &self,
        op: &Op,
        db: &impl store::Reads,
        id: &str,
        report: &'a Report,
    ) -> Result<Option<News<'a>>> {
        let upstream = store::upstreams::find(db, id).await?;
        let Some(upstream) =
            upstream.filter(|stored| stored.upstream.version == report.upstream_version)
        else {
            return Ok(None);
        };
        let known = store::catalogues::find(db, report.upstream_id).await?;
        let known = known.map(|stored| stored.catalogue);
        let catalogue = report
            .catalogue
            .as_ref()
            .filter(|found| known.as_ref() != Some(found));
        let problem = problem(&upstream.upstream, report).map(|problem| StoredProblem {
            since: since(upstream.problem.as_ref(), &problem, op.now),
            ..problem
        });
        if catalogue.is_none() && upstream.problem == problem {
            return Ok(None);
        }
        let before = known.map(|known| known.tools).unwrap_or_default();
        Ok(Some(News {
            detail: Detail::changed(told(upstream.problem.as_ref()), told(problem.as_ref())).with(
                "found",
                json!({
                    "tools": catalogue.map(|found| difference(&before, &found.tools)),
                    "prompts": catalogue.map(|found| found.prompts.len()),
                    "resources": catalogue.map(|found| {
                        found.resources.len() + found.resource_templates.len()
                    }),
                }),
            ),
            upstream,
            catalogue,
            problem,
        }))
    }
}

/// The least id of what is not too old.
fn first_kept(now: Timestamp, age: Option<Duration>) -> Uuid {
    let age = age.and_then(|age| TimeDelta::from_std(age).ok());
    let since = age.and_then(|age| now.checked_sub_signed(age));
    since.map(first_id).unwrap_or_default()
}

struct News<'a> {
    upstream: StoredUpstream,
    /// Unset: the tools are as they were.
    catalogue: Option<&'a Catalogue>,
    problem: Option<StoredProblem>,
    detail: Detail,
}

/// That it was not reached, or else what is wrong with what it lists.
fn problem(upstream: &Upstream, report: &Report) -> Option<StoredProblem> {
    let listed = || {
        let found = report.catalogue.as_ref()?;
        Some(StoredProblem {
            text: collisions::problem(&upstream.name, &found.tools)?,
            stage: Some(Stage::List),
            since: None,
        })
    };
    report.problem.clone().or_else(listed)
}

/// One problem after another is still no upstream that works. What an edge says begins no later than it is
/// heard of, whatever its clock says.
fn since(
    before: Option<&StoredProblem>,
    problem: &StoredProblem,
    now: Timestamp,
) -> Option<Timestamp> {
    match before {
        Some(before) => before.since,
        None => Some(problem.since.map_or(now, |since| since.min(now))),
    }
}

/// For audit.
fn told(problem: Option<&StoredProblem>) -> Value {
    let stage = problem.and_then(|problem| problem.stage);
    json!({
        "problem": problem.map(|problem| &problem.text),
        "stage": stage.map(Stage::as_str),
    })
}

fn check(report: &Report) -> Result<()> {
    let problem = report.problem.iter().map(|problem| &problem.text);
    let mut texts = problem.collect::<Vec<_>>();
    if let Some(found) = &report.catalogue {
        if found.upstream_id != report.upstream_id
            || found.upstream_version != report.upstream_version
        {
            return Err(Error::invalid(
                "catalogue",
                "is not of the upstream and version that the report is about",
            ));
        }
        texts.push(&found.server_info);
        texts.push(&found.capabilities);
        texts.extend(&found.instructions);
        texts.extend(found.tools.iter().flat_map(|t| [&t.name, &t.definition]));
        let items = [&found.prompts, &found.resources, &found.resource_templates];
        let items = items.into_iter().flatten();
        texts.extend(items.flat_map(|item| [&item.name, &item.definition]));
    }
    // PostgreSQL stores no such text, and no server means one.
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(Error::invalid("catalogue", "has a NUL character"));
    }
    Ok(())
}

/// In numbers, for audit: the tools themselves are in the catalogue.
fn difference(before: &[Tool], after: &[Tool]) -> Value {
    let known: HashMap<_, _> = before.iter().map(|tool| (&tool.name, tool)).collect();
    let added = after.iter().filter(|tool| !known.contains_key(&tool.name));
    let changed = after
        .iter()
        .filter(|tool| known.get(&tool.name).is_some_and(|old| old != tool));
    let added = added.count();
    json!({
        "now": after.len(),
        "added": added,
        "changed": changed.count(),
        "removed": (before.len() + added).saturating_sub(after.len()),
    })
}
