//! `AuditService`.

use super::{asked::place, op, status};
use crate::{
    app::{App, audit::ListEvents, criteria::Criteria},
    store::audit::{AuditEvent, Kind, Known, Problem, Stretch, What, Writer},
};
use ostia_proto::{
    FieldError,
    convert::{from_optional_timestamp, timestamp, uuid},
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
        let only_of = op(&request).only_of();
        let request = request.into_inner();
        let ask = ListEvents {
            criteria: Criteria {
                only_of,
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

    async fn verify_events(
        &self,
        request: Request<v1::VerifyEventsRequest>,
    ) -> Result<Response<v1::VerifyEventsResponse>, Status> {
        let request = request.into_inner();
        let known = request.known.iter().map(known).collect::<Result<_, _>>();
        let known = known.map_err(status::field)?;
        let verified = self.0.verify_events(&request.page_token, known).await?;
        Ok(Response::new(v1::VerifyEventsResponse {
            checked: verified.checked,
            problems: verified.problems.into_iter().map(Into::into).collect(),
            chains: verified.writers.into_iter().map(Into::into).collect(),
            unchained: verified.unchained,
            next_page_token: verified.next_page_token,
            stretches: verified.stretches.into_iter().map(Into::into).collect(),
            calls_kept_since: verified.calls_kept_since.map(timestamp),
            changes_kept_since: verified.changes_kept_since.map(timestamp),
        }))
    }

    async fn read_arguments(
        &self,
        request: Request<v1::ReadArgumentsRequest>,
    ) -> Result<Response<v1::ReadArgumentsResponse>, Status> {
        let op = op(&request);
        let event = uuid("event", &request.get_ref().event).map_err(status::field)?;
        let kept = self.0.read_arguments(&op, event).await?;
        Ok(Response::new(v1::ReadArgumentsResponse {
            arguments: kept.json.expose().to_owned(),
            cut: kept.cut,
            intact: kept.intact,
        }))
    }
}

fn known(end: &v1::ChainEnd) -> Result<Known, FieldError> {
    Ok(Known {
        writer: uuid("known.writer", &end.writer)?,
        seq: i64::try_from(end.sequence)
            .map_err(|_| FieldError::new("known.sequence", "is too large"))?,
        hash: unhex(&end.hash)
            .ok_or_else(|| FieldError::new("known.hash", "is not 32 bytes in hexadecimal"))?,
    })
}

impl From<Writer> for v1::ChainEnd {
    fn from(writer: Writer) -> Self {
        Self {
            writer: writer.id.to_string(),
            kind: writer.kind.as_str().to_owned(),
            started_at: Some(timestamp(writer.started_at)),
            sequence: writer.seq.unsigned_abs(),
            hash: hex(&writer.hash),
            pruned: writer.pruned.unsigned_abs(),
        }
    }
}

impl From<Stretch> for v1::ChainStretch {
    fn from(stretch: Stretch) -> Self {
        Self {
            writer: stretch.writer.to_string(),
            first_sequence: stretch.first.unsigned_abs(),
            last_sequence: stretch.last.unsigned_abs(),
            last_hash: hex(&stretch.hash),
            day: Some(timestamp(stretch.day)),
        }
    }
}

impl From<Problem> for v1::ChainProblem {
    fn from(problem: Problem) -> Self {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        Self {
            writer: id(problem.writer),
            sequence: problem.seq.unsigned_abs(),
            event_id: id(problem.event),
            problem: match problem.what {
                What::Changed => "was changed, or moved from another place".to_owned(),
                What::Rewritten => "was written anew after the event that follows it".to_owned(),
                What::Missing { until } if until == problem.seq + 1 => "is missing".to_owned(),
                What::Missing { until } => {
                    format!("is missing, and all others up to {}", until - 1)
                }
                What::Twice => "is in the place of another event".to_owned(),
                What::AfterTheEnd => "comes after the end of its chain".to_owned(),
                What::UnknownWriter => "no control has begun this chain".to_owned(),
                What::InNoChain => "is in no chain, though there were chains already".to_owned(),
                What::NotAsKnown => "is not what was noted earlier".to_owned(),
            },
        }
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
            writer: id(event.writer),
            sequence: event.seq.unwrap_or_default().unsigned_abs(),
            previous_hash: hex(&event.previous.unwrap_or_default()),
            hash: hex(&event.hash.unwrap_or_default()),
            request_bytes: event.request_bytes.map(i64::unsigned_abs),
            result_bytes: event.result_bytes.map(i64::unsigned_abs),
            upstream_status: event
                .upstream_status
                .and_then(|status| status.try_into().ok()),
            // A kind that is not known is of a newer control, and no decision of an edge.
            kind: Kind::parse(event.kind)
                .unwrap_or(Kind::Change)
                .as_str()
                .to_owned(),
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

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}
