//! `BundlesService`.

use super::{op, status};
use crate::{
    app::{App, bundles},
    store::bundles::StoredBundle,
};
use ostia_domain::{bundle::Selection, name::UpstreamName};
use ostia_proto::{
    convert::{FieldError, timestamp},
    v1,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Bundles(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::bundles_service_server::BundlesService for Bundles {
    async fn create_bundle(
        &self,
        request: Request<v1::CreateBundleRequest>,
    ) -> Result<Response<v1::Bundle>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let name = UpstreamName::new(request.name)
            .map_err(|error| status::field(FieldError::new("name", error)))?;
        let selection = read(request.selection)?;
        let bundle = self.0.create_bundle(&op, name, selection).await?;
        Ok(Response::new(bundle.into()))
    }

    async fn list_bundles(
        &self,
        _request: Request<v1::ListBundlesRequest>,
    ) -> Result<Response<v1::ListBundlesResponse>, Status> {
        let bundles = self.0.list_bundles().await?;
        Ok(Response::new(v1::ListBundlesResponse {
            bundles: bundles.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_bundle(
        &self,
        request: Request<v1::GetBundleRequest>,
    ) -> Result<Response<v1::Bundle>, Status> {
        let bundle = self.0.bundle(&request.get_ref().bundle).await?;
        Ok(Response::new(bundle.into()))
    }

    async fn update_bundle(
        &self,
        request: Request<v1::UpdateBundleRequest>,
    ) -> Result<Response<v1::Bundle>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let selection = read(request.selection)?;
        let bundle = self
            .0
            .update_bundle(&op, &request.bundle, selection)
            .await?;
        Ok(Response::new(bundle.into()))
    }

    async fn delete_bundle(
        &self,
        request: Request<v1::DeleteBundleRequest>,
    ) -> Result<Response<v1::DeleteBundleResponse>, Status> {
        let op = op(&request);
        self.0.delete_bundle(&op, &request.get_ref().bundle).await?;
        Ok(Response::new(v1::DeleteBundleResponse {}))
    }
}

/// An unset selection is not an empty one: who means that sends it empty.
fn read(selection: Option<v1::Selection>) -> Result<Selection, Status> {
    let selection = selection.ok_or_else(|| status::missing("selection"))?;
    selection.try_into().map_err(status::field)
}

impl From<StoredBundle> for v1::Bundle {
    fn from(stored: StoredBundle) -> Self {
        Self {
            etag: bundles::etag(&stored.bundle),
            created_at: Some(timestamp(stored.created_at)),
            updated_at: Some(timestamp(stored.updated_at)),
            ..stored.bundle.into()
        }
    }
}
