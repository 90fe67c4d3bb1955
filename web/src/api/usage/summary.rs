//! `/api/v1/usage/summary`: calls, added up.

use super::super::{
    caller::Caller,
    message::{Answer, Query},
    problem::Problem,
    text::{moment, optional, timestamp},
};
use crate::Site;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Criteria {
    /// Id or public id of a key.
    key: Option<String>,
    /// Name or id of a user whose keys were used.
    user: Option<String>,
    /// Name of an upstream.
    upstream: Option<String>,
    /// `<upstream>.<tool>`.
    tool: Option<String>,
    /// One of those that records have.
    outcome: Option<String>,
    /// At this time and later; calls are counted by the hour.
    #[param(format = "date-time")]
    from: Option<String>,
    /// Before this time.
    #[param(format = "date-time")]
    to: Option<String>,
    /// Unset: one row for all the time.
    #[param(inline)]
    bucket: Option<Bucket>,
    /// What rows have in common, with commas between: `key`, `user`, `upstream`, `tool`, `outcome`.
    #[param(pattern = "^(key|user|upstream|tool|outcome)(,(key|user|upstream|tool|outcome))*$")]
    group_by: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Bucket {
    Hour,
    /// From midnight to midnight, UTC.
    Day,
}

/// Calls, added up, as REST answers and `ostia usage summary --output json` prints them.
#[derive(Serialize, ToSchema)]
pub struct UsageSummary {
    /// Of all classes of `durations` but the last.
    pub duration_bounds_us: Vec<u64>,
    /// By time, then the most calls first.
    pub rows: Vec<UsageSummaryRow>,
}

/// What rows do not have in common is null.
#[derive(Serialize, ToSchema)]
pub struct UsageSummaryRow {
    #[schema(format = "date-time")]
    pub start: Option<String>,
    pub key_id: Option<String>,
    pub key_name: Option<String>,
    pub owner_id: Option<String>,
    pub owner_name: Option<String>,
    pub upstream: Option<String>,
    pub tool: Option<String>,
    pub outcome: Option<String>,
    pub calls: u64,
    pub errors: u64,
    pub cached: u64,
    pub duration_us: u64,
    pub request_bytes: u64,
    pub result_bytes: u64,
    pub durations: Vec<u64>,
    pub costs: Vec<Cost>,
}

/// At the prices of today.
#[derive(Serialize, ToSchema)]
pub struct Cost {
    pub currency: String,
    /// In millionths.
    pub micros: u64,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(summarize))
}

/// Add up calls by time and by what they have in common.
#[utoipa::path(get, path = "/api/v1/usage/summary", tag = "usage", params(Criteria),
    responses((status = OK, body = UsageSummary)))]
async fn summarize(
    caller: Caller,
    Query(criteria): Query<Criteria>,
) -> Result<Answer<UsageSummary>, Problem> {
    let group_by = criteria.group_by.as_deref().map(|names| names.split(','));
    let group_by = group_by.into_iter().flatten().map(dimension);
    let group_by: Result<Vec<i32>, Problem> = group_by.collect();
    let request = v1::SummarizeUsageRequest {
        key: criteria.key,
        user: criteria.user,
        upstream: criteria.upstream,
        tool: criteria.tool,
        outcome: criteria.outcome,
        from: moment("from", criteria.from)?,
        to: moment("to", criteria.to)?,
        bucket: match criteria.bucket {
            None => v1::Bucket::Unspecified,
            Some(Bucket::Hour) => v1::Bucket::Hour,
            Some(Bucket::Day) => v1::Bucket::Day,
        }
        .into(),
        group_by: group_by?,
        top: None,
    };
    let answer = caller.control.usage().summarize_usage(request).await?;
    Ok(Answer(answer.into_inner().into()))
}

fn dimension(name: &str) -> Result<i32, Problem> {
    let dimension = match name {
        "key" => v1::Dimension::Key,
        "user" => v1::Dimension::User,
        "upstream" => v1::Dimension::Upstream,
        "tool" => v1::Dimension::Tool,
        "outcome" => v1::Dimension::Outcome,
        _ => {
            let problem = "has something else than key, user, upstream, tool, outcome";
            return Err(Problem::invalid("group_by", problem));
        }
    };
    Ok(dimension.into())
}

impl From<v1::SummarizeUsageResponse> for UsageSummary {
    fn from(answer: v1::SummarizeUsageResponse) -> Self {
        Self {
            duration_bounds_us: answer.duration_bounds_us,
            rows: answer.rows.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<v1::UsageSummary> for UsageSummaryRow {
    fn from(row: v1::UsageSummary) -> Self {
        let costs = row.costs.into_iter().map(|cost| Cost {
            currency: cost.currency,
            micros: cost.micros,
        });
        Self {
            start: timestamp(row.start),
            key_id: optional(row.key_id),
            key_name: optional(row.key_name),
            owner_id: optional(row.owner_id),
            owner_name: optional(row.owner_name),
            upstream: optional(row.upstream),
            tool: optional(row.tool),
            outcome: optional(row.outcome),
            calls: row.calls,
            errors: row.errors,
            cached: row.cached,
            duration_us: row.duration_us,
            request_bytes: row.request_bytes,
            result_bytes: row.result_bytes,
            durations: row.durations,
            costs: costs.collect(),
        }
    }
}
