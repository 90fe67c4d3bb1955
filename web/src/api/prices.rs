//! `/api/v1/prices`: what calls cost, for reports.

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Json, Named},
    paging::{List, Listed, Page, Whole},
    problem::Problem,
    text::timestamp,
};
use crate::Site;
use http::StatusCode;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
struct Price {
    /// UUID.
    id: String,
    /// Pattern over `<upstream>.<tool>`.
    tools: String,
    /// Of one call, in millionths of the currency.
    micros: u64,
    currency: String,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    #[schema(format = "date-time")]
    updated_at: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPrice {
    /// Pattern over `<upstream>.<tool>`. Of several that match, the most exact counts.
    #[schema(min_length = 1)]
    tools: String,
    /// Of one call, in millionths of the currency.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    micros: u64,
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, set))
        .routes(routes!(get, delete))
}

/// List all prices by their tools.
#[utoipa::path(get, path = "/api/v1/prices", tag = "usage", params(Page),
    responses((status = OK, body = List<Price>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Price>, Problem> {
    let request = v1::ListPricesRequest {};
    let answer = caller.control.prices().list_prices(request).await?;
    let prices = answer.into_inner().prices.into_iter();
    page.by(prices.map(Price::from).collect(), |price| &price.tools)
}

/// Get one price.
#[utoipa::path(get, path = "/api/v1/prices/{price}", tag = "usage",
    params(("price" = String, Path, description = "Id or tools.")),
    responses((status = OK, body = Price)))]
async fn get(caller: Caller, Named(price): Named<String>) -> Result<Tagged<Price>, Problem> {
    let request = v1::GetPriceRequest { price };
    let price = caller.control.prices().get_price(request).await?;
    Ok(Tagged::of(price.into_inner()))
}

/// Make a price, or change the one of the same tools. `If-Match` is about that one.
#[utoipa::path(put, path = "/api/v1/prices", tag = "usage", request_body = NewPrice,
    responses((status = OK, body = Price)))]
async fn set(caller: Caller, Json(new): Json<NewPrice>) -> Result<Tagged<Price>, Problem> {
    let request = v1::SetPriceRequest {
        tools: new.tools,
        micros: new.micros,
        currency: new.currency,
    };
    let price = caller.control.prices().set_price(request).await?;
    Ok(Tagged::of(price.into_inner()))
}

/// Remove a price.
#[utoipa::path(delete, path = "/api/v1/prices/{price}", tag = "usage",
    params(("price" = String, Path, description = "Id or tools.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(price): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeletePriceRequest { price };
    caller.control.prices().delete_price(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<v1::Price> for Price {
    fn from(price: v1::Price) -> Self {
        Self {
            id: price.id,
            tools: price.tools,
            micros: price.micros,
            currency: price.currency,
            created_at: timestamp(price.created_at),
            updated_at: timestamp(price.updated_at),
        }
    }
}
