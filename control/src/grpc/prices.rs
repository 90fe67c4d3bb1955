//! `PricesService`.

use super::{op, status};
use crate::{
    app::{App, prices},
    store::prices::StoredPrice,
};
use ostia_domain::{glob::Glob, price::Currency};
use ostia_proto::{FieldError, convert::timestamp, v1};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Prices(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::prices_service_server::PricesService for Prices {
    async fn list_prices(
        &self,
        _request: Request<v1::ListPricesRequest>,
    ) -> Result<Response<v1::ListPricesResponse>, Status> {
        let prices = self.0.list_prices().await?;
        Ok(Response::new(v1::ListPricesResponse {
            prices: prices.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_price(
        &self,
        request: Request<v1::GetPriceRequest>,
    ) -> Result<Response<v1::Price>, Status> {
        let price = self.0.price(&request.get_ref().price).await?;
        Ok(Response::new(price.into()))
    }

    async fn set_price(
        &self,
        request: Request<v1::SetPriceRequest>,
    ) -> Result<Response<v1::Price>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let tools = Glob::new(request.tools)
            .map_err(|error| status::field(FieldError::new("tools", error)))?;
        let currency = Currency::new(&request.currency)
            .map_err(|error| status::field(FieldError::new("currency", error)))?;
        let price = self
            .0
            .set_price(&op, tools, request.micros, currency)
            .await?;
        Ok(Response::new(price.into()))
    }

    async fn delete_price(
        &self,
        request: Request<v1::DeletePriceRequest>,
    ) -> Result<Response<v1::DeletePriceResponse>, Status> {
        let op = op(&request);
        self.0.delete_price(&op, &request.get_ref().price).await?;
        Ok(Response::new(v1::DeletePriceResponse {}))
    }
}

impl From<StoredPrice> for v1::Price {
    fn from(stored: StoredPrice) -> Self {
        Self {
            etag: prices::etag(&stored.price),
            id: stored.price.id.to_string(),
            tools: stored.price.tools.as_str().to_owned(),
            micros: stored.price.micros,
            currency: stored.price.currency.as_str().to_owned(),
            created_at: Some(timestamp(stored.created_at)),
            updated_at: Some(timestamp(stored.updated_at)),
        }
    }
}
