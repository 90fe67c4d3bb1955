//! `/api/v1/bundles`: named selections of tools, at endpoints of their own.

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Created, Json, Named},
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
struct Bundle {
    /// UUID.
    id: String,
    name: String,
    include: Vec<String>,
    overrides: Vec<Override>,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    #[schema(format = "date-time")]
    updated_at: Option<String>,
}

/// How a bundle shows one tool.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Override {
    /// `<upstream>.<tool>`.
    tool: String,
    /// Unset: the name it has at `/mcp`.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,64}$")]
    name: Option<String>,
    /// Unset: the upstream's own.
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBundle {
    /// Unique.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,31}$")]
    name: String,
    /// Patterns over `<upstream>.<tool>`; prompts count by their name, resources by their URI.
    #[serde(default)]
    include: Vec<String>,
    /// At most one for each tool.
    #[serde(default)]
    overrides: Vec<Override>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Selection {
    /// Patterns over `<upstream>.<tool>`; prompts count by their name, resources by their URI.
    include: Vec<String>,
    /// At most one for each tool.
    #[serde(default)]
    overrides: Vec<Override>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, delete))
}

/// List all bundles by name.
#[utoipa::path(get, path = "/api/v1/bundles", tag = "bundles", params(Page),
    responses((status = OK, body = List<Bundle>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Bundle>, Problem> {
    let request = v1::ListBundlesRequest {};
    let answer = caller.control.bundles().list_bundles(request).await?;
    let bundles = answer.into_inner().bundles.into_iter();
    page.by(bundles.map(Bundle::from).collect(), |bundle| &bundle.name)
}

/// Make a bundle, served at `/mcp/@<name>`.
#[utoipa::path(post, path = "/api/v1/bundles", tag = "bundles", request_body = NewBundle,
    responses((status = CREATED, body = Bundle)))]
async fn create(caller: Caller, Json(new): Json<NewBundle>) -> Result<Created<Bundle>, Problem> {
    let request = v1::CreateBundleRequest {
        name: new.name,
        selection: Some(selection(new.include, new.overrides)),
    };
    let bundle = caller.control.bundles().create_bundle(request).await?;
    Ok(Created(bundle.into_inner().into()))
}

/// Get one bundle.
#[utoipa::path(get, path = "/api/v1/bundles/{bundle}", tag = "bundles",
    params(("bundle" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Bundle)))]
async fn get(caller: Caller, Named(bundle): Named<String>) -> Result<Tagged<Bundle>, Problem> {
    let request = v1::GetBundleRequest { bundle };
    let bundle = caller.control.bundles().get_bundle(request).await?;
    Ok(Tagged::of(bundle.into_inner()))
}

/// Replace the selection of a bundle. Clients are told that their lists changed.
#[utoipa::path(put, path = "/api/v1/bundles/{bundle}", tag = "bundles", request_body = Selection,
    params(("bundle" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Bundle)))]
async fn replace(
    caller: Caller,
    Named(bundle): Named<String>,
    Json(to): Json<Selection>,
) -> Result<Tagged<Bundle>, Problem> {
    let request = v1::UpdateBundleRequest {
        bundle,
        selection: Some(selection(to.include, to.overrides)),
    };
    let bundle = caller.control.bundles().update_bundle(request).await?;
    Ok(Tagged::of(bundle.into_inner()))
}

/// Remove a bundle.
#[utoipa::path(delete, path = "/api/v1/bundles/{bundle}", tag = "bundles",
    params(("bundle" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(bundle): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeleteBundleRequest { bundle };
    caller.control.bundles().delete_bundle(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn selection(include: Vec<String>, overrides: Vec<Override>) -> v1::Selection {
    let overrides = overrides.into_iter().map(|shown| v1::ToolOverride {
        tool: shown.tool,
        name: shown.name,
        description: shown.description,
    });
    v1::Selection {
        include,
        overrides: overrides.collect(),
    }
}

impl From<v1::Bundle> for Bundle {
    fn from(bundle: v1::Bundle) -> Self {
        let selection = bundle.selection.unwrap_or_default();
        let overrides = selection.overrides.into_iter().map(|shown| Override {
            tool: shown.tool,
            name: shown.name,
            description: shown.description,
        });
        Self {
            id: bundle.id,
            name: bundle.name,
            include: selection.include,
            overrides: overrides.collect(),
            created_at: timestamp(bundle.created_at),
            updated_at: timestamp(bundle.updated_at),
        }
    }
}
