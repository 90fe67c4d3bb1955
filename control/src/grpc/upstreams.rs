//! `UpstreamsService`.

mod view;

use super::{op, status};
use crate::app::{App, upstreams::DEFAULT_WAIT};
use ostia_domain::upstream::Upstream;
use ostia_proto::{FieldError, convert::from_duration, v1};
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

    async fn probe_upstream(
        &self,
        request: Request<v1::ProbeUpstreamRequest>,
    ) -> Result<Response<v1::ProbeUpstreamResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let upstream = new(request.definition).map_err(status::field)?;
        let reference = request.upstream.as_deref();
        let tried = self.0.probe_upstream(&op, reference, upstream).await?;
        Ok(Response::new(tried.into()))
    }

    async fn enable_upstream(
        &self,
        request: Request<v1::EnableUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let op = op(&request);
        let upstream = &request.get_ref().upstream;
        let view = self.0.set_upstream_enabled(&op, upstream, true).await?;
        Ok(Response::new(view.into()))
    }

    async fn disable_upstream(
        &self,
        request: Request<v1::DisableUpstreamRequest>,
    ) -> Result<Response<v1::Upstream>, Status> {
        let op = op(&request);
        let upstream = &request.get_ref().upstream;
        let view = self.0.set_upstream_enabled(&op, upstream, false).await?;
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

    async fn list_worker_output(
        &self,
        request: Request<v1::ListWorkerOutputRequest>,
    ) -> Result<Response<v1::ListWorkerOutputResponse>, Status> {
        let edges = self.0.worker_output(&request.get_ref().upstream).await?;
        let edges = edges.into_iter().map(|(edge, lines)| v1::EdgeOutput {
            edge,
            lines: lines.into_iter().map(Into::into).collect(),
        });
        Ok(Response::new(v1::ListWorkerOutputResponse {
            edges: edges.collect(),
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
