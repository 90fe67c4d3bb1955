//! `/api/v1/upstreams`: the MCP servers behind Ostia.

mod call;
mod definition;
mod output;
mod pools;
mod probe;
mod standing;
mod view;

pub(super) use call::{EXECUTE, never_ran};
pub(super) use probe::PROBE;
pub(super) use standing::Standing;

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Answer, Created, Json, Named},
    paging::{List, Listed, Page, Whole},
    problem::Problem,
};
use crate::Site;
use definition::{Change, New};
use http::StatusCode;
use ostia_domain::code::Code;
use ostia_proto::v1;
use utoipa_axum::{router::OpenApiRouter, routes};
use view::{Health, Tool, Upstream};

/// The route, where others have to know it.
pub(super) const DISCOVER: &str = "/api/v1/upstreams/{upstream}/discover";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, update, remove))
        .routes(routes!(discover))
        .routes(routes!(health))
        .routes(routes!(tools))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .merge(pools::routes())
        .merge(output::routes())
        .merge(probe::routes())
        .merge(call::routes())
}

impl Caller {
    async fn upstream(&self, upstream: String) -> Result<v1::Upstream, Problem> {
        let request = v1::GetUpstreamRequest { upstream };
        let found = self.control.upstreams().get_upstream(request).await?;
        Ok(found.into_inner())
    }
}

/// List all upstreams by name.
#[utoipa::path(get, path = "/api/v1/upstreams", tag = "upstreams", params(Page),
    responses((status = OK, body = List<Upstream>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Upstream>, Problem> {
    let request = v1::ListUpstreamsRequest {};
    let answer = caller.control.upstreams().list_upstreams(request).await?;
    let upstreams = answer.into_inner().upstreams.into_iter();
    page.by(upstreams.map(Upstream::from).collect(), Upstream::name)
}

/// Add an upstream. Edges find out what it offers; until then it is listed without tools.
#[utoipa::path(post, path = "/api/v1/upstreams", tag = "upstreams", request_body = New,
    responses((status = CREATED, body = Upstream)))]
async fn add(caller: Caller, Json(new): Json<New>) -> Result<Created<Upstream>, Problem> {
    let request = v1::AddUpstreamRequest {
        definition: Some(new.try_into()?),
    };
    let added = caller.control.upstreams().add_upstream(request).await?;
    Ok(Created(added.into_inner().into()))
}

/// Get one upstream.
#[utoipa::path(get, path = "/api/v1/upstreams/{upstream}", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Upstream)))]
async fn get(caller: Caller, Named(name): Named<String>) -> Result<Tagged<Upstream>, Problem> {
    Ok(Tagged::of(caller.upstream(name).await?))
}

/// Change an upstream. What is secret stays as it is unless it is among what is named.
#[utoipa::path(patch, path = "/api/v1/upstreams/{upstream}", tag = "upstreams", request_body = Change,
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Upstream)))]
async fn update(
    caller: Caller,
    Named(name): Named<String>,
    Json(to): Json<Change>,
) -> Result<Tagged<Upstream>, Problem> {
    let found = caller.upstream(name).await?;
    let mut definition = found.definition.unwrap_or_default();
    to.apply(&mut definition)?;
    let request = v1::UpdateUpstreamRequest {
        upstream: found.id,
        definition: Some(definition),
        version: Some(found.version),
    };
    let updated = caller.control.upstreams().update_upstream(request).await?;
    Ok(Tagged::of(updated.into_inner()))
}

/// Remove an upstream. Its workers are stopped at once.
#[utoipa::path(delete, path = "/api/v1/upstreams/{upstream}", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn remove(caller: Caller, Named(upstream): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::RemoveUpstreamRequest { upstream };
    caller.control.upstreams().remove_upstream(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Have an upstream listed anew, now, and say what was found or what the problem is.
#[utoipa::path(post, path = DISCOVER, tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Upstream)))]
async fn discover(
    caller: Caller,
    Named(upstream): Named<String>,
) -> Result<Answer<Upstream>, Problem> {
    let request = v1::DiscoverUpstreamRequest {
        upstream,
        wait: None,
    };
    let mut upstreams = caller.control.upstreams();
    let listed = upstreams.discover_upstream(request).await?;
    Ok(Answer(listed.into_inner().into()))
}

/// Serve an upstream again.
#[utoipa::path(post, path = "/api/v1/upstreams/{upstream}/enable", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Upstream)))]
async fn enable(
    caller: Caller,
    Named(upstream): Named<String>,
) -> Result<Answer<Upstream>, Problem> {
    let request = v1::EnableUpstreamRequest { upstream };
    let enabled = caller.control.upstreams().enable_upstream(request).await?;
    Ok(Answer(enabled.into_inner().into()))
}

/// Keep an upstream and serve nothing of it. Its workers end when their calls have.
#[utoipa::path(post, path = "/api/v1/upstreams/{upstream}/disable", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Upstream)))]
async fn disable(
    caller: Caller,
    Named(upstream): Named<String>,
) -> Result<Answer<Upstream>, Problem> {
    let request = v1::DisableUpstreamRequest { upstream };
    let disabled = caller.control.upstreams().disable_upstream(request).await?;
    Ok(Answer(disabled.into_inner().into()))
}

/// Say whether an upstream was reached, as edges reported it last. Nothing is tried for it.
#[utoipa::path(get, path = "/api/v1/upstreams/{upstream}/health", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Health)))]
async fn health(caller: Caller, Named(name): Named<String>) -> Result<Answer<Health>, Problem> {
    Ok(Answer(caller.upstream(name).await?.into()))
}

/// List the tools that an upstream was found to offer, by name.
#[utoipa::path(get, path = "/api/v1/upstreams/{upstream}/tools", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id."), Page),
    responses((status = OK, body = List<Tool>)))]
async fn tools(
    caller: Caller,
    Named(upstream): Named<String>,
    page: Whole,
) -> Result<Listed<Tool>, Problem> {
    let request = v1::ListToolsRequest { upstream };
    let answer = caller.control.upstreams().list_tools(request).await?;
    let tools = answer.into_inner().tools.into_iter().map(Tool::from);
    page.by(tools.collect(), Tool::name)
}

fn not_of_this_transport(field: &str) -> Problem {
    let detail = format!("{field}: is nothing that an upstream of this transport has");
    Problem::new(Code::InvalidArgument, detail).about(field)
}
