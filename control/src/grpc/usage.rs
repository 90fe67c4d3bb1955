//! `UsageService`.

mod summary;

use super::{asked::place, op, status};
use crate::{
    app::{
        App,
        criteria::Criteria,
        usage::{ListUsage, Listed},
    },
    store::{names::Names, usage::UsageRecord},
};
use chrono::DateTime;
use ostia_domain::{clock::Timestamp, usage::DURATION_BOUNDS_US};
use ostia_proto::{
    convert::{from_optional_timestamp, timestamp},
    v1,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Usage(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::usage_service_server::UsageService for Usage {
    async fn list_usage(
        &self,
        request: Request<v1::ListUsageRequest>,
    ) -> Result<Response<v1::ListUsageResponse>, Status> {
        let only_of = op(&request).only_of();
        let request = request.into_inner();
        let ask = ListUsage {
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
            place: place(request.after, request.page_size, request.page_token)?,
        };
        let Listed { page, owners } = self.0.list_usage(ask).await?;
        let records = page
            .rows
            .into_iter()
            .map(|record| record_of(record, &owners));
        Ok(Response::new(v1::ListUsageResponse {
            records: records.collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn summarize_usage(
        &self,
        request: Request<v1::SummarizeUsageRequest>,
    ) -> Result<Response<v1::SummarizeUsageResponse>, Status> {
        let only_of = op(&request).only_of();
        let ask = summary::ask(request.into_inner(), only_of)?;
        let rows = self.0.summarize_usage(ask).await?;
        Ok(Response::new(v1::SummarizeUsageResponse {
            rows: rows.into_iter().map(Into::into).collect(),
            duration_bounds_us: DURATION_BOUNDS_US.to_vec(),
        }))
    }
}

fn record_of(record: UsageRecord, owners: &Names) -> v1::UsageRecord {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let owner_name = record.owner_id.map(|owner| owners.get(owner));
    v1::UsageRecord {
        id: record.id.to_string(),
        at: at(record.at_us).map(timestamp),
        key_id: id(record.key_id),
        key_name: record.key_name.unwrap_or_default(),
        owner_id: id(record.owner_id),
        upstream: record.upstream.unwrap_or_default(),
        tool: record.tool.unwrap_or_default(),
        outcome: record.outcome,
        duration_us: record.duration_us.unsigned_abs(),
        request_bytes: record.request_bytes.unsigned_abs(),
        result_bytes: record.result_bytes.unsigned_abs(),
        cached: record.cached,
        owner_name: owner_name.unwrap_or_default(),
    }
}

/// Only a time outside the calendar is none, and none is written.
pub(super) fn at(at_us: i64) -> Option<Timestamp> {
    DateTime::from_timestamp_micros(at_us)
}
