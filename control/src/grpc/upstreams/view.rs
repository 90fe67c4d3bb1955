//! Upstreams and what runs of them, as messages.

use crate::{
    app::upstreams::{self, EdgePool, Tried, UpstreamView},
    store::catalogues::StoredCatalogue,
    vault::CREDENTIAL,
};
use ostia_domain::{clock::Timestamp, upstream::Catalogue};
use ostia_proto::{convert::timestamp, v1};

impl From<UpstreamView> for v1::Upstream {
    fn from(view: UpstreamView) -> Self {
        let etag = upstreams::etag(&view.stored);
        let mut upstream = Self::from(view.stored.upstream);
        // Of credentials the names alone: values go in and never come out.
        let definition = upstream.definition.as_mut();
        if let Some(credentials) = definition.and_then(v1::UpstreamDefinition::credentials_mut) {
            let names = view.stored.credentials.into_keys();
            let names = names.filter(|name| name != CREDENTIAL);
            *credentials = names.map(|name| (name, String::new())).collect();
        }
        let problem = view.stored.problem;
        let stage = problem.as_ref().and_then(|problem| problem.stage);
        Self {
            etag,
            created_at: Some(timestamp(view.stored.created_at)),
            catalogue: view.catalogue.as_deref().map(Into::into),
            problem_stage: stage
                .map(v1::UpstreamStage::from)
                .unwrap_or_default()
                .into(),
            problem_since: problem
                .as_ref()
                .and_then(|problem| problem.since)
                .map(timestamp),
            problem: problem.map(|problem| problem.text),
            ..upstream
        }
    }
}

impl From<EdgePool> for v1::EdgePool {
    fn from(pool: EdgePool) -> Self {
        Self {
            edge: pool.edge,
            edge_id: pool.edge_id.to_string(),
            upstream: pool.upstream,
            state: Some(pool.state.into()),
            reported_at: Some(timestamp(pool.reported_at)),
        }
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

impl From<Tried> for v1::ProbeUpstreamResponse {
    fn from(tried: Tried) -> Self {
        let problem = tried.probed.problem;
        let stage = problem.as_ref().map(|problem| problem.stage);
        let found = tried.probed.catalogue;
        let tools = found.as_ref().map(|found| found.tools.clone());
        let tools = tools.unwrap_or_default().into_iter();
        Self {
            edge: tried.edge,
            problem: problem.map(|problem| problem.text),
            problem_stage: stage
                .map(v1::UpstreamStage::from)
                .unwrap_or_default()
                .into(),
            tools: tools
                .map(|tool| v1::Tool::of(&tried.upstream.name, tool))
                .collect(),
            catalogue: found.as_ref().map(|found| summary(found, None)),
        }
    }
}

impl From<&StoredCatalogue> for v1::CatalogueSummary {
    fn from(stored: &StoredCatalogue) -> Self {
        summary(&stored.catalogue, Some(stored.discovered_at))
    }
}

fn summary(found: &Catalogue, discovered_at: Option<Timestamp>) -> v1::CatalogueSummary {
    v1::CatalogueSummary {
        era: v1::Era::from(found.era).into(),
        server_info: found.server_info.clone(),
        tools: count(found.tools.len()),
        prompts: count(found.prompts.len()),
        resources: count(found.resources.len()),
        resource_templates: count(found.resource_templates.len()),
        discovered_at: discovered_at.map(timestamp),
    }
}
