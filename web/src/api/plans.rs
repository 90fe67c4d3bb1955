//! `/api/v1/plans`: how much may be done.

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Created, Json, Named},
    paging::{List, Listed, Page, Whole},
    problem::Problem,
};
use crate::Site;
use http::StatusCode;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is unset is not limited.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Calls per minute, spread evenly, on one edge.
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    calls_per_minute: Option<u32>,
    /// Calls that may come at once; only with `calls_per_minute`. Unset: as many.
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    burst: Option<u32>,
    /// Calls in flight at once, on one edge.
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    max_in_flight: Option<u32>,
    /// Calls in one day of the calendar, in UTC, on all edges together.
    #[schema(minimum = 1, maximum = 18_446_744_073_709_551_615_u64)]
    calls_per_day: Option<u64>,
    /// Calls in one month of the calendar, in UTC, on all edges together.
    #[schema(minimum = 1, maximum = 18_446_744_073_709_551_615_u64)]
    calls_per_month: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Plan {
    /// UUID.
    id: String,
    name: String,
    /// Null here and below: not limited.
    calls_per_minute: Option<u32>,
    burst: Option<u32>,
    max_in_flight: Option<u32>,
    calls_per_day: Option<u64>,
    calls_per_month: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlan {
    /// Unique.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    limits: Limits,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, delete))
}

/// List all plans by name.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", params(Page),
    responses((status = OK, body = List<Plan>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Plan>, Problem> {
    let request = v1::ListPlansRequest {};
    let answer = caller.control.plans().list_plans(request).await?;
    let plans = answer.into_inner().plans;
    page.by(plans.into_iter().map(Plan::from).collect(), |plan| {
        &plan.name
    })
}

/// Make a plan.
#[utoipa::path(post, path = "/api/v1/plans", tag = "plans", request_body = NewPlan,
    responses((status = CREATED, body = Plan)))]
async fn create(caller: Caller, Json(new): Json<NewPlan>) -> Result<Created<Plan>, Problem> {
    let plan = v1::Plan {
        id: String::new(),
        name: new.name,
        limits: Some(new.limits.into()),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = caller.control.plans().create_plan(request).await?;
    Ok(Created(plan.into_inner().into()))
}

/// Get one plan.
#[utoipa::path(get, path = "/api/v1/plans/{plan}", tag = "plans",
    params(("plan" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Plan)))]
async fn get(caller: Caller, Named(plan): Named<String>) -> Result<Tagged<Plan>, Problem> {
    let request = v1::GetPlanRequest { plan };
    let plan = caller.control.plans().get_plan(request).await?;
    Ok(Tagged::of(plan.into_inner()))
}

/// Replace all limits of a plan; they hold from the next call on.
#[utoipa::path(put, path = "/api/v1/plans/{plan}", tag = "plans", request_body = Limits,
    params(("plan" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Plan)))]
async fn replace(
    caller: Caller,
    Named(plan): Named<String>,
    Json(limits): Json<Limits>,
) -> Result<Tagged<Plan>, Problem> {
    let request = v1::UpdatePlanRequest {
        plan,
        limits: Some(limits.into()),
    };
    let plan = caller.control.plans().update_plan(request).await?;
    Ok(Tagged::of(plan.into_inner()))
}

/// Remove a plan that no key, user or group has.
#[utoipa::path(delete, path = "/api/v1/plans/{plan}", tag = "plans",
    params(("plan" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(plan): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeletePlanRequest { plan };
    caller.control.plans().delete_plan(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<v1::Plan> for Plan {
    fn from(plan: v1::Plan) -> Self {
        let limits = plan.limits.unwrap_or_default();
        Self {
            id: plan.id,
            name: plan.name,
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            max_in_flight: limits.max_in_flight,
            calls_per_day: limits.calls_per_day,
            calls_per_month: limits.calls_per_month,
        }
    }
}

impl From<v1::Limits> for Limits {
    fn from(limits: v1::Limits) -> Self {
        Self {
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            max_in_flight: limits.max_in_flight,
            calls_per_day: limits.calls_per_day,
            calls_per_month: limits.calls_per_month,
        }
    }
}

impl From<Limits> for v1::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            max_in_flight: limits.max_in_flight,
            calls_per_day: limits.calls_per_day,
            calls_per_month: limits.calls_per_month,
        }
    }
}
