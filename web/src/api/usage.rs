//! `/api/v1/usage`: tool calls that were made.

mod summary;

pub use summary::{Cost, UsageSummary, UsageSummaryRow};

use super::{
    caller::Caller,
    message::Query,
    paging::{At, List, Listed, size},
    problem::Problem,
    text::{moment, optional, timestamp},
};
use crate::Site;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
struct UsageRecord {
    /// UUID, ordered by time.
    id: String,
    #[schema(format = "date-time")]
    at: Option<String>,
    key_id: Option<String>,
    key_name: Option<String>,
    owner_id: Option<String>,
    upstream: Option<String>,
    tool: Option<String>,
    outcome: String,
    duration_us: u64,
    request_bytes: u64,
    result_bytes: u64,
    /// Answered without the upstream.
    cached: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Id of a record: only those after it, oldest first; not together with `page_token`.
    after: Option<String>,
    /// Id, public id or name of a key.
    key: Option<String>,
    /// Name or id of a user whose keys were used.
    user: Option<String>,
    /// `<upstream>.<tool>`.
    tool: Option<String>,
    /// One of those that records have.
    outcome: Option<String>,
    /// At this time and later.
    #[param(format = "date-time")]
    from: Option<String>,
    /// Before this time.
    #[param(format = "date-time")]
    to: Option<String>,
    /// Name of an upstream.
    upstream: Option<String>,
    /// How many at most [default: 100].
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u32>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .merge(summary::routes())
}

/// List calls, newest first.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(Filter),
    responses((status = OK, body = List<UsageRecord>)))]
async fn list(
    caller: Caller,
    At(at): At,
    Query(filter): Query<Filter>,
) -> Result<Listed<UsageRecord>, Problem> {
    let request = v1::ListUsageRequest {
        key: filter.key,
        upstream: filter.upstream,
        page_size: size(filter.page_size)?,
        page_token: filter.page_token.unwrap_or_default(),
        user: filter.user,
        tool: filter.tool,
        outcome: filter.outcome,
        from: moment("from", filter.from)?,
        to: moment("to", filter.to)?,
        after: filter.after,
    };
    let answer = caller.control.usage().list_usage(request).await?;
    let answer = answer.into_inner();
    let records = answer.records.into_iter().map(UsageRecord::from).collect();
    Ok(Listed::cut(records, answer.next_page_token, at))
}

impl From<v1::UsageRecord> for UsageRecord {
    fn from(record: v1::UsageRecord) -> Self {
        Self {
            id: record.id,
            at: timestamp(record.at),
            key_id: optional(record.key_id),
            key_name: optional(record.key_name),
            owner_id: optional(record.owner_id),
            upstream: optional(record.upstream),
            tool: optional(record.tool),
            outcome: record.outcome,
            duration_us: record.duration_us,
            request_bytes: record.request_bytes,
            result_bytes: record.result_bytes,
            cached: record.cached,
        }
    }
}
