//! `UpstreamsService`.

use super::{op, status};
use crate::{
    app::{
        App,
        upstreams::{self, DEFAULT_WAIT, EdgePool, UpstreamView},
    },
    store::catalogues::StoredCatalogue,
    vault::CREDENTIAL,
};
use ostia_domain::upstream::Upstream;
use ostia_proto::{
    FieldError,
    convert::{from_duration, timestamp},
    v1,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub(super) struct Upstreams(pub(super) Arc<App>);

const FIRST_VERSION: u64 = 1;

#[tonic::async_trait]
impl v1::upstreams_service_server::UpstreamsService for Upstreams {
    async fn add_upstream(
        &self,
        request: Request<v1::AddUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let op = op(&request);
        let upstream = new(request.into_inner().definition).map_err(status::field)?;
        let view = self.0.add_upstream(&op, upstream).await?;
        Ok(Response::new(view.into()))
    }

    async fn update_upstream(
        &self,
        request: Request<v1::UpdateUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let upstream = new(request.definition).map_err(status::field)?;
        let view = self
            .0
            .update_upstream(&op, &request.upstream, request.version, upstream)
            .await?;
        Ok(Response::new(view.into()))
    }

    async fn list_upstreams(
        &self,
        _request: Request<v1::ListUpstreamsRequest>,
    ) -> Result<Response<v1::ListUpstreamsResponse>, Status> {
        let upstreams = self.0.list_upstreams().await?;
        Ok(Response::new(v1::ListUpstreamsResponse {
            upstreams: upstreams.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_upstream(
        &self,
        request: Request<v1::GetUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let view = self.0.upstream(&request.get_ref().upstream).await?;
        Ok(Response::new(view.into()))
    }

    async fn discover_upstream(
        &self,
        request: Request<v1::DiscoverUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let op = op(&request);
        let v1::DiscoverUpstreamRequest { upstream, wait } = request.into_inner();
        let wait = wait.map_or(Ok(DEFAULT_WAIT), |wait| from_duration("wait", wait));
        let wait = wait.map_err(status::field)?;
        let view = self.0.discover_upstream(&op, &upstream, wait).await?;
        Ok(Response::new(view.into()))
    }

    async fn remove_upstream(
        &self,
        request: Request<v1::RemoveUpstreamRequest>,
    ) -> Result<Response<v1::RemoveUpstreamResponse>, Status> {
        let op = op(&request);
        let upstream = &request.get_ref().upstream;
        self.0.remove_upstream(&op, upstream).await?;
        Ok(Response::new(v1::RemoveUpstreamResponse {}))
    }

    async fn list_tools(
        &self,
        request: Request<v1::ListToolsRequest>,
    ) -> Result<Response<v1::ListToolsResponse>, Status> {
        let (upstream, tools) = self.0.list_tools(&request.get_ref().upstream).await?;
        let tools = tools
            .into_iter()
            .map(|tool| v1::Tool::of(&upstream.name, tool));
        Ok(Response::new(v1::ListToolsResponse {
            tools: tools.collect(),
        }))
    }

    async fn list_pools(
        &self,
        request: Request<v1::ListPoolsRequest>,
    ) -> Result<Response<v1::ListPoolsResponse>, Status> {
        let pools = self.0.list_pools(request.get_ref().upstream.as_deref());
        Ok(Response::new(v1::ListPoolsResponse {
            pools: pools.await?.into_iter().map(Into::into).collect(),
        }))
    }
}

/// As if it were the first of its kind.
pub(super) fn new(definition: Option<v1::UpstreamDefinition>) -> Result<Upstream, FieldError> {
    let upstream = v1::Upstream {
        id: Uuid::now_v7().to_string(),
        definition,
        version: FIRST_VERSION,
        enabled: true,
        ..v1::Upstream::default()
    };
    upstream.try_into()
}

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

impl From<&StoredCatalogue> for v1::CatalogueSummary {
    fn from(stored: &StoredCatalogue) -> Self {
        let found = &stored.catalogue;
        Self {
            era: v1::Era::from(found.era).into(),
            server_info: found.server_info.clone(),
            tools: count(found.tools.len()),
            prompts: count(found.prompts.len()),
            resources: count(found.resources.len()),
            resource_templates: count(found.resource_templates.len()),
            discovered_at: Some(timestamp(stored.discovered_at)),
        }
    }
}
