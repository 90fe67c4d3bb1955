//! `POST /v1/leaked-keys`: whoever found a key where it should not be ends it.

use super::super::{
    message::{Json, json},
    problem::Problem,
};
use crate::{
    Site,
    client::{address_of, agent_of},
};
use axum::{
    extract::{ConnectInfo, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use moka::sync::Cache;
use ostia_domain::code::Code;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Of one address, in one [`WINDOW`]: a scanner reports few, and somebody who guesses gets nowhere.
const MAX_REPORTS: u32 = 20;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered at once.
const MAX_ADDRESSES: u64 = 100_000;

/// How many reports came from where.
#[derive(Clone)]
pub(crate) struct Reports(Cache<IpAddr, Arc<AtomicU32>>);

impl Reports {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_ADDRESSES)
            .time_to_live(WINDOW);
        Self(cache.build())
    }

    fn admit(&self, address: IpAddr) -> Result<(), Problem> {
        let count = self.0.get_with(address, Arc::default);
        if count.fetch_add(1, Ordering::Relaxed) < MAX_REPORTS {
            return Ok(());
        }
        let detail = format!("{MAX_REPORTS} reports a minute are taken from one address");
        Err(Problem::new(Code::RateLimited, detail).retry_after(WINDOW))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeakedKey {
    /// The whole key, as it was found.
    key: String,
}

#[derive(Serialize, ToSchema)]
struct Reported {
    /// How its owner knows it: the start of the key.
    key: String,
}

pub(crate) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(report))
}

/// Revoke a key that was found where it should not be. Takes no credential: whoever has the whole key may.
#[utoipa::path(post, path = "/v1/leaked-keys", tag = "keys", request_body = LeakedKey, security(()),
    responses((status = ACCEPTED, body = Reported)))]
async fn report(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(leaked): Json<LeakedKey>,
) -> Result<Response, Problem> {
    let address = address_of(&site, peer, &headers);
    site.reports.admit(address)?;
    let request = v1::ReportLeakedKeyRequest { key: leaked.key };
    let agent = agent_of(&headers);
    let control = site.control.coming_from(address, agent.as_deref());
    let answer = control.keys().report_leaked_key(request).await?;
    let key = answer.into_inner().key;
    Ok(json(StatusCode::ACCEPTED, &Reported { key }))
}
