//! What an address says. One that cannot be read is answered with a page, as everything is here.

use crate::{
    Site,
    pages::{not_found, problem},
    visitor::Visitor,
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::Response,
};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The named parts of the path. Where they cannot be read, there is no such page.
pub(crate) struct Path<T>(pub(crate) T);

/// The query. Fields that a page does not know are left alone.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        match <axum::extract::Path<T> as FromRequestParts<Site>>::from_request_parts(parts, site)
            .await
        {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(not_found::show(visitor(parts, site).await?).await),
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        match axum::extract::Query::from_request_parts(parts, site).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(refused) => {
                let visitor = visitor(parts, site).await?;
                Err(problem::address_unreadable(
                    visitor.as_ref(),
                    &refused.body_text(),
                ))
            }
        }
    }
}

async fn visitor(parts: &mut Parts, site: &Site) -> Result<Option<Visitor>, Response> {
    <Visitor as OptionalFromRequestParts<Site>>::from_request_parts(parts, site).await
}
