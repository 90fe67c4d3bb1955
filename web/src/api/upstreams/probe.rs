//! `/api/v1/probes`: trying an upstream that is not added.

use super::{
    super::{
        caller::Caller,
        message::{Answer, Json},
        problem::Problem,
    },
    definition::New,
    view::{Era, Tool, era},
};
use crate::Site;
use ostia_domain::upstream::Stage;
use ostia_proto::v1;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The route, where others have to know it.
pub(in super::super) const PROBE: &str = "/api/v1/probes";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(probe))
}

/// What an edge found out about a definition.
#[derive(Serialize, ToSchema)]
struct Probed {
    /// That tried it.
    edge: String,
    /// Why it does not work, or what is wrong with what it lists, for people.
    problem: Option<String>,
    problem_stage: Option<&'static str>,
    /// Null where nothing could be listed, as what follows.
    era: Option<Era>,
    #[schema(value_type = Option<Object>)]
    server_info: Option<Value>,
    /// How many.
    prompts: Option<u32>,
    resources: Option<u32>,
    resource_templates: Option<u32>,
    /// In its order.
    tools: Vec<Tool>,
}

impl From<v1::ProbeUpstreamResponse> for Probed {
    fn from(tried: v1::ProbeUpstreamResponse) -> Self {
        let found = tried.catalogue.as_ref();
        Self {
            problem_stage: tried.problem_stage().known().map(Stage::as_str),
            era: found.and_then(era),
            server_info: found.and_then(|found| serde_json::from_str(&found.server_info).ok()),
            prompts: found.map(|found| found.prompts),
            resources: found.map(|found| found.resources),
            resource_templates: found.map(|found| found.resource_templates),
            edge: tried.edge,
            problem: tried.problem,
            tools: tried.tools.into_iter().map(Tool::from).collect(),
        }
    }
}

/// Try an upstream where its workers would run, and say what it offers or how far it came. Nothing is kept.
#[utoipa::path(post, path = PROBE, tag = "upstreams", request_body = New,
    responses((status = OK, body = Probed)))]
async fn probe(caller: Caller, Json(new): Json<New>) -> Result<Answer<Probed>, Problem> {
    let request = v1::ProbeUpstreamRequest {
        definition: Some(new.try_into()?),
        upstream: None,
    };
    let tried = caller.control.upstreams().probe_upstream(request).await?;
    Ok(Answer(tried.into_inner().into()))
}
