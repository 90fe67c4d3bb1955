//! `/api/v1/audit-logs`: every decision and every change.

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
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEvent {
    /// UUID, ordered by time.
    id: String,
    #[schema(format = "date-time")]
    at: Option<String>,
    request_id: Option<String>,
    /// `key:<name>`, `user:<name>`, `service:<name>`, or `anonymous`.
    actor: String,
    key_id: Option<String>,
    user_id: Option<String>,
    /// An MCP method, or `<resource>.<verb>`.
    action: String,
    target: Option<String>,
    outcome: String,
    /// Code of the error that was answered.
    error: Option<String>,
    /// Which rule decided.
    rule: Option<String>,
    /// SHA-256 of the arguments, in hex.
    arguments_digest: Option<String>,
    duration_us: u64,
    /// Sizes in bytes of the request as it came, and of the result or error of its upstream. Null, as the status, in
    /// changes and in calls of before they were kept.
    request_bytes: Option<u64>,
    result_bytes: Option<u64>,
    /// HTTP status that the upstream answered with. Null too: it is not one over HTTP, or did not answer.
    #[schema(minimum = 100, maximum = 999)]
    upstream_status: Option<u32>,
    remote_address: Option<String>,
    client: Option<String>,
    /// A change's before and after, without secrets.
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
    /// The control that wrote the event. Null, as what follows, in events of before there were chains; their
    /// sequence is 0.
    writer: Option<String>,
    /// Within the writer, from 1.
    sequence: u64,
    previous_hash: Option<String>,
    hash: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Id of an event: only those after it, oldest first; not together with `page_token`.
    after: Option<String>,
    /// Id, public id or name of a key: what was done with it, and the changes made to it.
    key: Option<String>,
    /// Name: requests to it, and the changes made to it.
    upstream: Option<String>,
    /// `tools/call`, `keys.revoke`; with `*` at its end, all that begin so.
    action: Option<String>,
    /// Name or id of a user: what they and their keys did, and the changes made to them.
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
    /// How many at most [default: 100].
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u32>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List events, newest first.
#[utoipa::path(get, path = "/api/v1/audit-logs", tag = "audit", params(Filter),
    responses((status = OK, body = List<AuditEvent>)))]
async fn list(
    caller: Caller,
    At(at): At,
    Query(filter): Query<Filter>,
) -> Result<Listed<AuditEvent>, Problem> {
    let request = v1::ListEventsRequest {
        after: filter.after,
        key: filter.key,
        page_size: size(filter.page_size)?,
        page_token: filter.page_token.unwrap_or_default(),
        user: filter.user,
        upstream: filter.upstream,
        tool: filter.tool,
        action: filter.action,
        outcome: filter.outcome,
        from: moment("from", filter.from)?,
        to: moment("to", filter.to)?,
    };
    let answer = caller.control.audit().list_events(request).await?;
    let answer = answer.into_inner();
    let events = answer.events.into_iter().map(AuditEvent::from).collect();
    Ok(Listed::cut(events, answer.next_page_token, at))
}

impl From<v1::AuditEvent> for AuditEvent {
    fn from(event: v1::AuditEvent) -> Self {
        Self {
            id: event.id,
            at: timestamp(event.at),
            request_id: optional(event.request_id),
            actor: event.actor,
            key_id: optional(event.key_id),
            user_id: optional(event.user_id),
            action: event.action,
            target: optional(event.target),
            outcome: event.outcome,
            error: optional(event.error),
            rule: optional(event.rule),
            arguments_digest: optional(event.arguments_digest),
            duration_us: event.duration_us,
            request_bytes: event.request_bytes,
            result_bytes: event.result_bytes,
            upstream_status: event.upstream_status,
            remote_address: optional(event.remote_address),
            client: optional(event.client),
            detail: serde_json::from_str(&event.detail).ok(),
            sequence: event.sequence,
            writer: optional(event.writer),
            previous_hash: optional(event.previous_hash),
            hash: optional(event.hash),
        }
    }
}
