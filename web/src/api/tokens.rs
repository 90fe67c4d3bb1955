//! `/api/v1/auth/token`: a key becomes a token that lives for minutes.

use super::{caller::Caller, message::json, problem::Problem};
use crate::Site;
use axum::{extract::State, response::Response};
use http::StatusCode;
use ostia_domain::clock;
use ostia_proto::{convert::from_timestamp, v1};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// As RFC 6749 writes one.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "as RFC 6749 has them")]
struct AccessToken {
    /// Presented like a key, here and to MCP endpoints.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
}

/// The route, where others have to know it.
pub(super) const EXCHANGE: &str = "/api/v1/auth/token";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// Exchange the key of this request for an access token. Whatever ends the key ends the token.
#[utoipa::path(post, path = EXCHANGE, tag = "keys",
    responses((status = OK, body = AccessToken)))]
async fn exchange(State(site): State<Site>, caller: Caller) -> Result<Response, Problem> {
    let request = v1::ExchangeKeyRequest {
        key: caller.credential.expose().to_owned(),
    };
    // Of every role: the token does what the key does anyway.
    let control = caller
        .named_to(&site.control)
        .acting_as(&format!("key:{}", caller.principal.key_name));
    let answer = control.keys().exchange_key(request).await?;
    let answer = answer.into_inner();
    let end = answer
        .expires_at
        .and_then(|at| from_timestamp("expires_at", at).ok());
    let left = end.map(|end| (end - clock::now()).num_seconds());
    let token = AccessToken {
        access_token: answer.access_token,
        token_type: "Bearer",
        expires_in: left
            .and_then(|left| left.try_into().ok())
            .unwrap_or_default(),
    };
    Ok(json(StatusCode::OK, &token))
}
