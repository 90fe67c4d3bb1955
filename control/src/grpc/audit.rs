//! `AuditService`.

use super::{asked::place, status};
use crate::{
    app::{App, audit::ListEvents, criteria::Criteria},
    store::audit::AuditEvent,
};
use ostia_proto::{
    convert::{from_optional_timestamp, timestamp},
    v1,
};
use std::{fmt::Write as _, sync::Arc};
use tonic::{Request, Response, Status};

pub(super) struct Audit(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::audit_service_server::AuditService for Audit {
    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let request = request.into_inner();
        let ask = ListEvents {
            criteria: Criteria {
                key: request.key,
                user: request.user,
                upstream: request.upstream,
                tool: request.tool,
                outcome: request.outcome,
                from: from_optional_timestamp("from", request.from).map_err(status::field)?,
                to: from_optional_timestamp("to", request.to).map_err(status::field)?,
            },
            action: request.action,
            place: place(request.after, request.page_size, request.page_token)?,
        };
        let page = self.0.list_events(ask).await?;
        Ok(Response::new(v1::ListEventsResponse {
            events: page.rows.into_iter().map(Into::into).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}

impl From<AuditEvent> for v1::AuditEvent {
    fn from(event: AuditEvent) -> Self {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        Self {
            id: event.id.to_string(),
            at: super::usage::at(event.at_us).map(timestamp),
            request_id: event.request_id.to_string(),
            actor: event.actor,
            key_id: id(event.key_id),
            user_id: id(event.user_id),
            action: event.action,
            target: event.target.unwrap_or_default(),
            outcome: event.outcome,
            error: event.error.unwrap_or_default(),
            rule: event.rule.unwrap_or_default(),
            arguments_digest: hex(&event.arguments_digest.unwrap_or_default()),
            duration_us: event.duration_us.unsigned_abs(),
            remote_address: event.remote_address.unwrap_or_default(),
            client: event.client.unwrap_or_default(),
            detail: event.detail.unwrap_or_default(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
